"""A fraction: whose samples it is made of, in each stage, and where that is written down."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np

from harness.data.pack import pack
from jobs.run.labelled import labelled_rows
from jobs.run.subset import write_subset
from support.images import packed_folder
from support.probing import Bench

FRACTIONS = (0.1, 0.34, 0.5, 0.8, 1.0)


def test_the_file_is_csv_in_the_order_of_the_data_set(tmp_path: Path) -> None:
    packed = packed_folder(tmp_path)
    write_subset(tmp_path / "ids.csv", packed, np.array([7, 2, 3]))
    assert (tmp_path / "ids.csv").read_bytes() == b"id\ns0002\ns0003\ns0007\n"
    write_subset(tmp_path / "again.csv", packed, np.array([3, 7, 2]))
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "ids.csv").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["again.csv", "ids.csv"]


def test_a_name_with_a_comma_or_a_quote_comes_back(tmp_path: Path) -> None:
    class Named:
        ids = np.array(["plain", 'a "b", c', "naïve"])

    write_subset(tmp_path / "ids.csv", Named(), np.arange(3))  # type: ignore[arg-type]
    with open(tmp_path / "ids.csv", newline="", encoding="utf-8") as file:
        assert [row["id"] for row in csv.DictReader(file)] == Named.ids.tolist()


def test_fractions_are_nested_stratified_and_the_same_for_both_stages(bench: Bench) -> None:
    packed = pack(bench.probe().data, bench.store.packs)
    label = packed.label("tissue")
    of_head = [labelled_rows(packed, label, fraction)[0] for fraction in FRACTIONS]
    of_encoder = [packed.rows("train", fraction, "tissue") for fraction in FRACTIONS]
    for mine, theirs in zip(of_head, of_encoder, strict=True):
        assert np.array_equal(mine, theirs)
    for fewer, more in pairwise(of_head):
        assert set(fewer) < set(more)
    counts = [np.bincount(label.values[rows]).tolist() for rows in of_head]
    assert counts == [[1] * 3, [4] * 3, [5] * 3, [8] * 3, [9] * 3], "a class has 9; its share is rounded up"


def test_a_probe_of_a_fraction_keeps_the_ids_of_its_samples(bench: Bench) -> None:
    half, whole = bench.probe(fraction=0.5), bench.probe()
    bench.submit([half, whole])
    run = bench.store.run(half.key())
    result = run.result()
    assert result is not None
    packed = pack(half.data, bench.store.packs)
    rows, _ = labelled_rows(packed, packed.label("tissue"), 0.5)
    with open(run.path / result.artifacts["train_ids"].path, newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == packed.ids[rows].tolist()
    all_of_it = bench.store.run(whole.key()).result()
    assert all_of_it is not None
    assert list(all_of_it.artifacts) == ["predictions"], "as in 0.1.0"
