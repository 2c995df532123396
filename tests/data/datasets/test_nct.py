from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.data.datasets.nct import CLASSES, COUNTS, Nct
from harness.data.manifest import Manifest
from harness.data.pack import pack
from harness.errors import ConfigError, DataError
from support.images import save
from support.twins import make_twin


def made(root: Path, counts: dict[str, int], tissues: tuple[str, ...] = CLASSES) -> Path:
    """Folders of so many patches of each class, 4 px wide, all of one colour a class."""
    for name, count in counts.items():
        for number, tissue in enumerate(tissues):
            for index in range(count):
                save(root / name / tissue / f"{tissue}-{index}.tif", np.full((4, 4, 3), 20 * number + index, np.uint8))
    return root


def read(root: Path, **settings: Any) -> Manifest:
    return Nct.model_validate({"root": str(root), "size": 4, "complete": False} | settings).manifest()


def test_folders_are_classes_and_sets_are_splits(tmp_path: Path) -> None:
    found = read(made(tmp_path, {"NCT-CRC-HE-100K": 2, "CRC-VAL-HE-7K": 1}))
    assert (found.name, found.synthetic, found.group_kind) == ("nct", False, "patch")
    expected = [f"CRC-VAL-HE-7K/{name}/{name}-0" for name in CLASSES]
    expected += [f"NCT-CRC-HE-100K/{name}/{name}-{index}" for name in CLASSES for index in range(2)]
    assert list(found.ids) == list(found.groups) == expected
    assert found.splits == ("test",) * 9 + ("train",) * 18
    assert found.modalities["he"].files == tuple(tmp_path / f"{name}.tif" for name in found.ids)
    assert found.labels["tissue"].classes == ("ADI", "BACK", "DEB", "LYM", "MUC", "MUS", "NORM", "STR", "TUM")
    assert found.labels["tissue"].values.tolist() == [*range(9), *np.repeat(np.arange(9), 2).tolist()]
    assert found.labels["tissue"].derived_from == ("he",)


def test_a_patch_has_the_same_id_whatever_trains(tmp_path: Path) -> None:
    root = made(tmp_path, {"NCT-CRC-HE-100K": 1, "NCT-CRC-HE-100K-NONORM": 1, "CRC-VAL-HE-7K": 1})
    normal, raw, alone = (read(root, training=name) for name in ("NCT-CRC-HE-100K", "NCT-CRC-HE-100K-NONORM", None))
    assert set(alone.ids) == set(normal.ids) & set(raw.ids)
    assert set(alone.splits) == {"test"}
    assert raw.name == "nct-nonorm", "a table must tell them apart"
    assert raw.splits.count("train") == 9


def test_without_a_training_set_no_folder_of_it_is_needed(tmp_path: Path) -> None:
    assert len(read(made(tmp_path, {"CRC-VAL-HE-7K": 2}), training=None)) == 18


def test_a_part_may_lack_a_class_and_hold_other_files(tmp_path: Path) -> None:
    root = made(tmp_path, {"CRC-VAL-HE-7K": 1}, ("ADI", "TUM"))
    (root / "CRC-VAL-HE-7K" / "ADI" / "Thumbs.db").write_bytes(b"")
    (root / "CRC-VAL-HE-7K" / "readme.txt").write_bytes(b"")
    assert read(root, training=None).labels["tissue"].values.tolist() == [0, 8]


def test_the_published_numbers_are_those_of_the_release() -> None:
    assert sum(COUNTS["NCT-CRC-HE-100K"].values()) == 100_000
    assert sum(COUNTS["CRC-VAL-HE-7K"].values()) == 7_180


def test_a_part_is_told_from_the_whole(tmp_path: Path) -> None:
    root = made(tmp_path, {"CRC-VAL-HE-7K": 1})
    with pytest.raises(DataError) as caught:
        read(root, training=None, complete=True)
    for word in (
        "the set CRC-VAL-HE-7K is not whole: ADI 1, BACK 1, DEB 1",
        "legal: ADI 1338, BACK 847, DEB 339, LYM 634, MUC 1035, MUS 592, NORM 741, STR 421, TUM 1233",
        "data.complete=false",
        str(root),
    ):
        assert word in str(caught.value)


def test_of_the_set_without_normalisation_the_sum_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = made(tmp_path, {"NCT-CRC-HE-100K-NONORM": 1, "CRC-VAL-HE-7K": 1})
    monkeypatch.setitem(COUNTS, "CRC-VAL-HE-7K", dict.fromkeys(CLASSES, 1))
    with pytest.raises(DataError, match="NONORM is not whole: in all 9") as caught:
        read(root, training="NCT-CRC-HE-100K-NONORM", complete=True)
    assert "legal: in all 100000" in str(caught.value)
    monkeypatch.setitem(COUNTS, "NCT-CRC-HE-100K-NONORM", {"in all": 9})
    assert len(read(root, training="NCT-CRC-HE-100K-NONORM", complete=True)) == 18


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda root: shutil.rmtree(root / "NCT-CRC-HE-100K"), ["NCT-CRC-HE-100K' is not there", "data.training=null"]),
        (lambda root: shutil.rmtree(root / "CRC-VAL-HE-7K"), ["CRC-VAL-HE-7K' is not there", "ADI, BACK"]),
        (
            lambda root: [shutil.rmtree(folder) for folder in (root / "CRC-VAL-HE-7K").iterdir()],
            ["CRC-VAL-HE-7K' holds no images of a class"],
        ),
        (
            lambda root: save(root / "CRC-VAL-HE-7K" / "STR" / "STR-0.png", np.zeros((4, 4, 3), np.uint8)),
            ["'STR-0.png' and 'STR-0.tif' differ in their suffix alone", "CRC-VAL-HE-7K/STR"],
        ),
    ],
    ids=["no training set", "no test set", "no classes", "twice"],
)
def test_what_is_wrong_with_the_folder_is_named(tmp_path: Path, spoil: Any, words: list[str]) -> None:
    root = made(tmp_path, {"NCT-CRC-HE-100K": 1, "CRC-VAL-HE-7K": 1})
    spoil(root)
    with pytest.raises(DataError) as caught:
        read(root)
    for word in words:
        assert word in str(caught.value)


def test_an_unknown_training_set_names_the_known(tmp_path: Path) -> None:
    from harness.config.read import read as settings
    from harness.data.datasets import Dataset

    with pytest.raises(ConfigError, match="'NCT-CRC-HE-100K' or 'NCT-CRC-HE-100K-NONORM'"):
        settings(Dataset, {"name": "nct", "root": "x", "size": 4, "training": "NCT"}, "here")


def test_masks_of_the_patches_lie_beside_them(tmp_path: Path) -> None:
    root = make_twin(tmp_path / "data", "nct", patches=36, nuclei=True)
    found = read(root, nuclei=str(root / "nuclei"), size=16)
    assert set(found.modalities) == {"he", "nuclei"}
    assert found.labels["cell"].derived_from == ("nuclei",)
    packed = pack(Nct(root=str(root), size=16, complete=False, nuclei=str(root / "nuclei")), tmp_path / "packs")
    types = packed.array("nuclei")
    assert set(np.unique(types).tolist()) <= set(range(6))
    assert packed.digest != read(root, size=16).digest


@pytest.mark.data
def test_the_real_patches_are_read(real_images: Path, tmp_path: Path) -> None:
    """Two of each class, but no BACK, as the neighbour of a checkout has them."""
    data = Nct(root=str(real_images), size=224, training=None, complete=False)
    found = data.manifest()
    assert len(found) == 16
    assert np.bincount(found.labels["tissue"].values, minlength=9).tolist() == [2, 0, 2, 2, 2, 2, 2, 2, 2]
    packed = pack(data, tmp_path)
    with Image.open(real_images / f"{found.ids[5]}.tif") as image:
        assert np.array_equal(packed.array("he")[5], np.asarray(image))
    with pytest.raises(DataError, match="is not whole: ADI 2, BACK 0, DEB 2"):
        Nct(root=str(real_images), size=224, training=None).manifest()
