from __future__ import annotations

from pathlib import Path

import pytest

from harness.data.datasets.nct import CLASSES
from harness.data.nuclei import TYPES
from harness.data.published import TABLE_S2
from support.command_line import harness
from support.images import make_folder
from support.twins import make_twin


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_the_paper_stands_beside_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_twin(tmp_path, "nct", patches=45, nuclei=True)
    done = harness(capsys, "data", "labels", "nct", f"root={root}", "complete=false", f"nuclei={root}/nuclei")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("nct: 45 patches, synthetic\n")
    found = rows(done.out)
    assert ["label", "class", "train", "test", "paper", "train", "paper", "test"] in found
    assert ["tissue", "TUM", "5", "1", "14,311", "1,232"] in found
    dead = next(row for row in found if row[:2] == ["cell", "Dead"])
    assert dead[4:] == ["18,495", "1,054"]
    assert "one ADI, one MUC and one TUM fewer" in done.out


def test_other_sets_have_no_paper_beside_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_folder(tmp_path, n=12)
    done = harness(capsys, "data", "labels", "folder", f"root={root}")
    assert ["label", "class", "train", "test"] in rows(done.out)
    assert ["tissue", "tumour", "3", "1"] in rows(done.out)
    assert "paper" not in done.out


def test_a_set_without_labels_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make_twin(tmp_path, "shift", patches=4)
    assert harness(capsys, "data", "labels", "shift", f"root={root}").out == "shift: 4 patches, synthetic\nno labels\n"


def test_the_papers_numbers_add_up() -> None:
    """What is known of the table without it: 781 batches of 128, and the test set less three."""
    for label, classes in (("tissue", CLASSES), ("cell", TYPES)):
        table = TABLE_S2["nct"][label]
        assert tuple(table) == classes
        assert tuple(map(sum, zip(*table.values(), strict=True))) == (781 * 128, 7180 - 3)
