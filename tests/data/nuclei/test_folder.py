"""A folder of masks beside a data set: what it adds, what it is checked for, how it enters the digest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.data.datasets import Dataset
from harness.data.datasets.folder import Folder
from harness.data.nuclei import TYPES
from harness.data.nuclei.folder import PatchNuclei, write_nuclei
from harness.data.pack import pack
from harness.errors import DataError
from support.images import make_folder

N = 12


def nuclei_of(ids: list[str]) -> list[PatchNuclei]:
    """Masks whose type is the row's number mod 6, counts that agree; every third patch has a tie."""
    patches = []
    for row, name in enumerate(ids):
        counts = np.zeros(5, np.int64)
        if row % 6:
            counts[row % 6 - 1] = 2
            counts[4] = max(counts[4], 2 * (row % 3 == 0))
        patches.append(PatchNuclei(name, np.full((16, 16), row % 6, np.uint8), counts))
    return patches


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    made = make_folder(tmp_path / "pairs", N)
    ids = [f"s{row:04d}" for row in range(N)]
    write_nuclei(tmp_path / "nuclei", nuclei_of(ids), {"tool": "a test"})
    return Folder(root=str(made), size=16, nuclei=str(tmp_path / "nuclei"))


def test_it_adds_a_modality_and_a_label(data: Dataset, tmp_path: Path) -> None:
    manifest = data.manifest()
    assert set(manifest.modalities) == {"he", "panck", "nuclei"}
    label = manifest.labels["cell"]
    assert label.classes == TYPES
    assert label.derived_from == ("nuclei",)
    assert label.values.tolist() == [row % 6 for row in range(N)]
    packed = pack(data, tmp_path / "packs")
    assert (packed.array("nuclei")[:, :, :, 0] == (np.arange(N) % 6)[:, None, None]).all()


def test_the_share_of_ties_is_told(tmp_path: Path) -> None:
    """Rows 3 and 9 of ten with nuclei have as many of two types."""
    ties = write_nuclei(tmp_path / "nuclei", nuclei_of([f"p{row}" for row in range(N)]), {})
    assert ties == pytest.approx(0.2)
    assert "ties: 0.2" in (tmp_path / "nuclei" / "nuclei.yaml").read_text()


def test_ids_with_slashes_are_files_of_their_own(tmp_path: Path) -> None:
    write_nuclei(tmp_path / "nuclei", nuclei_of(["A/b", "A_b", "../c"]), {})
    assert len(list((tmp_path / "nuclei" / "masks").iterdir())) == 3


def test_digests_of_data_and_masks_are_apart(data: Dataset, tmp_path: Path) -> None:
    bare = data.model_copy(update={"nuclei": None}).pinned(None)
    pinned = data.pinned(None)
    assert pinned.digest == bare.digest
    assert pinned.nuclei_digest is not None
    assert pinned.manifest().digest != bare.manifest().digest
    path = next((tmp_path / "nuclei" / "masks").iterdir())
    Image.fromarray(np.full((16, 16), 2, np.uint8)).save(path)
    assert pinned.nuclei_digest != data.pinned(None).nuclei_digest
    with pytest.raises(DataError, match=r"data\.nuclei_digest"):
        pinned.manifest()


def test_a_half_made_folder_is_refused(data: Dataset, tmp_path: Path) -> None:
    (tmp_path / "nuclei" / "nuclei.yaml").unlink()
    with pytest.raises(DataError, match=r"no whole folder of nuclear masks: it has no nuclei\.yaml"):
        data.manifest()


def test_patches_without_a_mask_are_named(data: Dataset, tmp_path: Path) -> None:
    write_nuclei(tmp_path / "nuclei", nuclei_of([f"s{row:04d}" for row in range(N - 2)]), {})
    with pytest.raises(DataError, match=r"2 of 12 patches have no mask in .*: s0010, s0011"):
        data.manifest()


def test_masks_of_another_size_are_named(data: Dataset, tmp_path: Path) -> None:
    path = sorted((tmp_path / "nuclei" / "masks").iterdir())[5]
    Image.fromarray(np.zeros((32, 32), np.uint8)).save(path)
    with pytest.raises(DataError, match="32 x 32 px grey"):
        pack(data, tmp_path / "packs")


def test_masks_of_another_size_than_their_patches_are_named(data: Dataset, tmp_path: Path) -> None:
    for path in (tmp_path / "nuclei" / "masks").iterdir():
        Image.fromarray(np.zeros((32, 32), np.uint8)).save(path)
    with pytest.raises(DataError, match=r"the mask .* has 32 px, its patch 16 px"):
        data.manifest()
