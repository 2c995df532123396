from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from harness.data.datasets.hemit import Hemit
from harness.data.manifest import Manifest
from harness.data.pack import pack
from harness.errors import DataError
from support.images import edit_row, make_hemit, read_rows, write_table

REAL = Path(__file__).parents[4] / "shared" / "data" / "hemit_colon"


def twin(root: Path, **more: int) -> Manifest:
    return part(make_hemit(root, **more))


def part(root: Path) -> Manifest:
    return Hemit(root=str(root), size=16, complete=False).manifest()


def test_targets_are_thresholds_on_the_markers(tmp_path: Path) -> None:
    read = twin(tmp_path)
    rows = sorted(read_rows(tmp_path / "patches.csv"), key=lambda row: row["name"])
    dapi = np.median([float(row["frac_dapi"]) for row in rows if row["split"] == "train"])
    for name, column, threshold in (
        ("panck", "frac_panck", 0.35),
        ("cd3", "frac_cd3", 0.05),
        ("dapi", "frac_dapi", dapi),
    ):
        expected = [int(float(row[column]) > threshold) for row in rows]
        assert read.labels[name].values.tolist() == expected
        assert len(set(expected)) == 2
        assert read.labels[name].classes == ("negative", "positive")
        assert read.labels[name].derived_from == (name,)
    tissue = read.labels["tissue"]
    assert [tissue.classes[value] for value in tissue.values] == [row["tissue"] for row in rows]
    assert tissue.derived_from == ("he", "panck", "cd3")


def test_a_share_at_its_threshold_is_negative(tmp_path: Path) -> None:
    make_hemit(tmp_path)
    edit_row(tmp_path, 0, "patches.csv", frac_panck="0.35", frac_cd3="0.05")
    read = part(tmp_path)
    assert (read.ids[0], read.labels["panck"].values[0], read.labels["cd3"].values[0]) == ("r0_00", 0, 0)


def test_the_median_is_that_of_the_training_split(tmp_path: Path) -> None:
    before = twin(tmp_path).labels["dapi"].values
    for index, row in enumerate(read_rows(tmp_path / "patches.csv")):
        if row["split"] == "test":
            edit_row(tmp_path, index, "patches.csv", frac_dapi="0.0")
    after = part(tmp_path)
    training = np.array(after.splits) == "train"
    assert np.array_equal(after.labels["dapi"].values[training], before[training])
    assert abs(int(after.labels["dapi"].values[training].sum()) - training.sum() / 2) <= 1


def test_groups_are_regions(tmp_path: Path) -> None:
    read = twin(tmp_path, regions=5)
    assert read.group_kind == "region"
    assert set(read.groups) == {"r0", "r1", "r2", "r3", "r4"}
    assert not read.synthetic
    assert set(read.modalities) == {"he", "panck", "dapi", "cd3"}


def test_a_part_is_told_from_the_whole(tmp_path: Path) -> None:
    make_hemit(tmp_path)
    with pytest.raises(DataError) as caught:
        Hemit(root=str(tmp_path), size=16).manifest()
    for word in (
        "not whole: 24 patches, 4 regions, 18 train patches, 6 test patches",
        "legal: 993 patches, 40 regions, 749 train patches, 244 test patches",
        "data.complete=false",
    ):
        assert word in str(caught.value)


def test_a_missing_stain_is_named(tmp_path: Path) -> None:
    make_hemit(tmp_path)
    (tmp_path / "cd3" / "r1_05.png").unlink()
    with pytest.raises(DataError, match="no image of the modality 'cd3': r1_05") as caught:
        part(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_a_missing_folder_of_a_stain_is_named(tmp_path: Path) -> None:
    make_hemit(tmp_path)
    shutil.rmtree(tmp_path / "dapi")
    with pytest.raises(DataError, match="24 of 24 samples have no image of the modality 'dapi'"):
        part(tmp_path)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    make_hemit(tmp_path)
    rows = read_rows(tmp_path / "patches.csv")
    write_table(tmp_path / "patches.csv", [{key: row[key] for key in row if key != "frac_cd3"} for row in rows])
    with pytest.raises(DataError, match="no column 'frac_cd3'"):
        part(tmp_path)


def test_an_unknown_tissue_is_named(tmp_path: Path) -> None:
    make_hemit(tmp_path)
    edit_row(tmp_path, 3, "patches.csv", tissue="mucosa")
    with pytest.raises(DataError, match="'mucosa' is none of the classes") as caught:
        part(tmp_path)
    assert "background, epithelium, lymphoid, stroma" in str(caught.value)


def test_a_part_without_a_training_split_has_no_median(tmp_path: Path) -> None:
    make_hemit(tmp_path)
    rows = read_rows(tmp_path / "patches.csv")
    write_table(tmp_path / "patches.csv", [row for row in rows if row["split"] == "test"])
    with pytest.raises(DataError, match="the split 'train' is empty"):
        part(tmp_path)


@pytest.mark.data
@pytest.mark.skipif(not REAL.is_dir(), reason="the real images are not beside this checkout")
def test_the_real_sample(tmp_path: Path) -> None:
    dataset = Hemit(root=str(REAL), size=64)
    read = dataset.manifest(tmp_path)
    assert read.digest == "d8edca579952bf5b7b999b6fbdc3b3de77a4a8f10faa1c90d76c023c5ba0002d"
    positives = {name: np.bincount(label.values).tolist() for name, label in read.labels.items()}
    assert positives == {"panck": [399, 594], "cd3": [626, 367], "dapi": [524, 469], "tissue": [74, 576, 146, 197]}
    packed = pack(dataset, tmp_path)
    assert packed.array("he").shape == (993, 64, 64, 3)
    assert packed.array("cd3").shape == (993, 64, 64, 1)
    assert (len(packed.rows("train")), len(packed.rows("test"))) == (749, 244)
    assert packed.statistics("he")[0] == pytest.approx([0.779, 0.591, 0.723], abs=5e-4)
