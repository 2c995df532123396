"""What each twin has of its set: names, proportions, splits; and that its classes can be told by eye."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.data.datasets import Dataset
from harness.data.datasets.nct import COUNTS
from harness.data.layouts.making.nuclei import NUMBER, plans
from harness.data.layouts.making.sharing import shared, split_sizes
from harness.data.layouts.making.textures import Textures
from harness.data.layouts.nct import NctTwin
from harness.data.manifest import Manifest
from harness.data.pack import pack
from support.images import read_rows, tissue
from support.twins import make_twin, read_twin


def read(root: Path, name: str, **settings: Any) -> Manifest:
    return Dataset.parse({"name": name, "root": str(root), "size": 16, "complete": False} | settings).manifest()


def test_nct_at_its_published_size_has_the_published_counts() -> None:
    ids = [name.split("/") for name in NctTwin(patches=107_180)._ids()]
    assert len({"/".join(parts) for parts in ids}) == 107_180
    for name in ("NCT-CRC-HE-100K", "CRC-VAL-HE-7K"):
        assert Counter(tissue for one, tissue, _ in ids if one == name) == COUNTS[name]


def test_nct_files_are_named_and_written_like_the_real_ones(tmp_path: Path) -> None:
    root = make_twin(tmp_path, "nct", patches=40, size=32, training="NCT-CRC-HE-100K-NONORM")
    found = read(root, "nct", training="NCT-CRC-HE-100K-NONORM")
    assert {path.suffix for path in found.modalities["he"].files or ()} == {".tif"}
    for name in found.ids:
        one, kind, stem = name.split("/")
        assert stem.startswith(f"{kind}-TCGA-" if one == "CRC-VAL-HE-7K" else f"{kind}-")
        assert len(stem.rpartition("-")[2]) == 8
    with Image.open(root / f"{found.ids[0]}.tif") as image:
        assert (image.mode, image.size, image.info["compression"]) == ("RGB", (32, 32), "raw")


def test_nct_alone_is_the_test_set(tmp_path: Path) -> None:
    root = make_twin(tmp_path, "nct", patches=20, training=None)
    assert sorted(path.name for path in root.iterdir()) == ["CRC-VAL-HE-7K", "SYNTHETIC.txt"]
    assert len(read(root, "nct", training=None)) == 20


def test_the_masks_of_nct_are_of_its_patches(tmp_path: Path) -> None:
    root = make_twin(tmp_path, "nct", patches=90, size=48, nuclei=True)
    found = read(root, "nct", nuclei=str(root / "nuclei"), size=48)
    cell, tissues = found.labels["cell"], found.labels["tissue"]
    names = {name: np.flatnonzero(tissues.values == number) for number, name in enumerate(tissues.classes)}
    assert set(cell.values[names["BACK"]].tolist()) == {0}
    assert np.mean(cell.values[names["TUM"]] == 1) > 0.9
    assert np.mean(cell.values[names["LYM"]] == 2) > 0.9
    dark = []
    for at in names["TUM"].tolist():
        with (
            Image.open(root / f"{found.ids[at]}.tif") as image,
            Image.open(found.modalities["nuclei"].files[at]) as mask,
        ):  # type: ignore[index]
            grey, types = np.asarray(image).mean(axis=2), np.asarray(mask)
        dark.append(grey[types > 0].mean() - grey[types == 0].mean())
    assert max(dark) < -20, "every nucleus of a mask is dark in the H&E"


def test_shift_with_patients_keeps_each_on_one_side(tmp_path: Path) -> None:
    root = make_twin(tmp_path, "shift", patches=40, patients=5)
    found = read_twin(root, "shift").manifest()
    assert Counter(found.groups) == {f"p{number:03d}": 8 for number in range(5)}
    assert Counter(found.splits) == {"train": 32, "test": 8}


def test_conic_counts_are_those_of_its_map(tmp_path: Path) -> None:
    root = make_twin(tmp_path, "conic", patches=60, size=64, sources=6)
    labels = np.load(root / "labels.npy")
    assert labels.dtype == np.uint16
    margin = 4
    for row, counts in enumerate(read_rows(root / "counts.csv")):
        number, types = labels[row, ..., 0], labels[row, ..., 1]
        assert set(np.unique(number).tolist()) == set(range(number.max() + 1)), "numbered without a gap"
        inner = (slice(margin, -margin), slice(margin, -margin))
        seen = {int(one): int(types[inner][number[inner] == one][0]) for one in np.unique(number[inner]) if one}
        assert [int(count) for count in counts.values()] == [
            sum(kind == wanted for kind in seen.values()) for wanted in range(1, 7)
        ]
    assert not any(int(count) for count in read_rows(root / "counts.csv")[49].values()), "one of fifty has none"


def test_conic_goes_from_source_to_source(tmp_path: Path) -> None:
    names = [
        row["patch_info"] for row in read_rows(make_twin(tmp_path, "conic", patches=30, sources=6) / "patch_info.csv")
    ]
    assert names[:6] == [
        "consep_1-0000",
        "consep_1-0001",
        "consep_1-0002",
        "consep_1-0003",
        "consep_1-0004",
        "crag_1-0000",
    ]
    assert names[-5:] == [f"consep_2-{number:04d}" for number in range(5)]


def test_hemit_keeps_the_rule_of_its_tissues(tmp_path: Path) -> None:
    root = make_twin(tmp_path, "hemit", patches=80, regions=8)
    rows = read_rows(root / "patches.csv")
    for row in rows:
        assert tissue({key: float(row[key]) for key in row if key.startswith("frac_")}) == row["tissue"]
    assert len({(row["region"], row["split"]) for row in rows}) == 8
    assert len({(row["region"], row["tissue"]) for row in rows}) == 32, "every region has every tissue"
    assert Counter(row["split"] for row in rows) == {"train": 60, "test": 20}
    found = read(root, "hemit")
    assert all(min(np.bincount(label.values)) > 10 for label in found.labels.values())


@pytest.mark.parametrize(("name", "label"), [("nct", "tissue"), ("conic", "cell"), ("hemit", "tissue")])
def test_the_mean_colour_tells_the_class(tmp_path: Path, name: str, label: str) -> None:
    """Of the patches whose class has the nearest mean colour: chance is a fourth to a ninth."""
    root = make_twin(tmp_path / "data", name, patches=270, size=32)
    packed = pack(Dataset.parse({"name": name, "root": str(root), "size": 16, "complete": False}), tmp_path / "packs")
    colours, values = packed.array("he").mean(axis=(1, 2)), packed.labels[label].values
    kept = values >= 0
    means = np.stack([colours[values == number].mean(axis=0) for number in range(values.max() + 1)])
    nearest = np.linalg.norm(colours[:, None] - means[None], axis=2).argmin(axis=1)
    assert (nearest == values)[kept].mean() > 0.6


def test_a_total_is_shared_out_in_proportion_and_none_goes_without() -> None:
    counts = {"a": 700, "b": 250, "c": 49, "d": 1}
    for total in (4, 5, 10, 99, 1000, 1001):
        given = shared(total, counts)
        assert sum(given.values()) == total
        assert min(given.values()) >= 1
        exact = {name: total * count / 1000 for name, count in counts.items()}
        assert all(abs(given[name] - max(1, exact[name])) <= 2 for name in counts), (total, given)
    assert shared(1000, counts) == counts


@pytest.mark.parametrize(("total", "wanted"), [(18, (9, 9)), (180, (168, 12)), (107_180, (100_000, 7_180))])
def test_both_sides_of_a_split_have_enough(total: int, wanted: tuple[int, int]) -> None:
    assert split_sizes(total, (100_000, 7_180), 9) == wanted


def test_ranks_are_even_and_nuclei_do_not_touch() -> None:
    ranks = Textures(0, 40).rank
    assert np.array_equal(np.bincount(ranks.ravel()), np.full(256, 25))
    for plan in plans(0, 64):
        assert set(np.unique(plan.map).tolist()) == set(range(NUMBER + 1))
        for step in (np.s_[1:, :], np.s_[:, 1:]):
            other = np.s_[:-1, :] if step == np.s_[1:, :] else np.s_[:, :-1]
            one, two = plan.map[step], plan.map[other]
            assert not ((one != two) & (one > 0) & (two > 0)).any()
