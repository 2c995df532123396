"""Grid files: what they may say, and the cells that they make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.config.grid_file import GridFile, read_grid_file
from harness.errors import ConfigError

GRID = """
title: A grid
objective: vicreg
optimiser: {lr: 1e-3}
axes:
  objective: [vicreg, ntxent]
  pair:
    asymmetric: {views: [he, panck]}
    symmetric: {views: [he, he]}
  shared: [no, yes]
  seed: [0, 1]
exclude:
  - {pair: symmetric, shared: yes}
include:
  - {objective: ntxent, pair: symmetric, shared: yes, seed: 1}
then:
  - {stage: probe, label: tissue}
resources:
  pretrain: {ranks: 2}
"""


def write(folder: Path, text: str, name: str = "grid.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def grid(folder: Path, text: str, *words: str) -> GridFile:
    return read_grid_file(write(folder, text), words)


def message(folder: Path, text: str, *words: str) -> str:
    """The error of reading and expanding a grid file, with its folder taken out."""
    with pytest.raises(ConfigError) as caught:
        list(grid(folder, text, *words).cells())
    return str(caught.value).replace(f"{folder}/", "")


def test_a_file_is_its_own_keys_and_the_first_stages_settings(tmp_path: Path) -> None:
    file = grid(tmp_path, GRID)
    assert (file.grid, file.title, file.stage) == ("grid", "A grid", "pretrain")
    assert file.base == {"objective": "vicreg", "optimiser": {"lr": 1e-3}}
    assert file.then == ({"stage": "probe", "label": "tissue"},)
    assert file.resources["pretrain"].ranks == 2
    assert file.resources["pretrain"].runs_per_job == 1


def test_cells_are_the_product_less_exclude_then_include(tmp_path: Path) -> None:
    cells = list(grid(tmp_path, GRID).cells())
    labels = [tuple(cell.labels.values()) for cell in cells]
    assert len(labels) == len(set(labels)) == 2 * 2 * 2 * 2 - 2 * 2 + 1
    assert labels[0] == ("vicreg", "asymmetric", "no", "0")
    assert labels[-1] == ("ntxent", "symmetric", "yes", "1")
    assert ("vicreg", "symmetric", "yes", "0") not in labels
    assert cells[-1].settings == {
        "objective": "ntxent", "optimiser": {"lr": 1e-3}, "views": ["he", "he"], "shared": "yes", "seed": 1,
    }  # fmt: skip


def test_words_of_the_command_line_lie_over_the_file(tmp_path: Path) -> None:
    file = grid(tmp_path, GRID, "optimiser.lr=1e-2", "axes.seed=[7]", "include=[]", "resources.pretrain.ranks=3")
    assert file.base["optimiser"] == {"lr": 1e-2}
    assert {cell.labels["seed"] for cell in file.cells()} == {"7"}
    assert file.resources["pretrain"].ranks == 3


def test_a_file_extends_another_beside_it(tmp_path: Path) -> None:
    write(tmp_path, "epochs: 9\nobjective: {name: vicreg, eps: 1}\naxes: {seed: [0]}\n", "base/lowest.yaml")
    write(tmp_path, "extends: lowest.yaml\nepochs: 8\nwidth: 4\n", "base/lower.yaml")
    file = grid(tmp_path, "extends: base/lower.yaml\nobjective: {name: ntxent}\naxes: {lr: [1, 2]}\n")
    assert file.base == {"epochs": 8, "objective": {"name": "ntxent"}, "width": 4}
    assert list(file.axes) == ["seed", "lr"]


def test_a_circle_of_files_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "extends: ../grid.yaml\n", "base/other.yaml")
    assert "extends itself" in message(tmp_path, "extends: base/other.yaml\n")
    assert "extends itself" in message(tmp_path, "extends: grid.yaml\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n- b\n", "'grid.yaml' holds ['a', 'b']\n  legal: a mapping of settings"),
        ("", "'grid.yaml' holds None\n  legal: a mapping of settings"),
        ("extends: nowhere.yaml\n", "there is no file 'nowhere.yaml'\n  mend: check the path"),
        ("title: 3\n", "'title': should be a valid string, but it is 3\n  where: grid.yaml: title"),
        ("then: probe\n", "'then': should be a valid tuple, but it is 'probe'\n  where: grid.yaml: then"),
        ("resources: {pretrain: {ranks: 0}}\n",
         "'resources.pretrain.ranks': should be greater than or equal to 1, but it is 0\n"
         "  where: grid.yaml: resources.pretrain.ranks"),
        ("resources: {pretrain: {rank: 2}}\n",
         "unknown key 'rank'\n  where: grid.yaml: resources.pretrain\n"
         "  legal: ranks, runs_per_job, threads\n  mend: did you mean 'ranks'?"),
        ("axes: {seed: [0]}\nexclude: [{sed: 0}]\n",
         "there is no axis 'sed'\n  where: exclude.0\n  legal: seed\n  mend: did you mean 'seed'?"),
        ("axes: {seed: [0]}\nexclude: [{}, {seed: 1}]\n", None),
        ("axes: {seed: [0], lr: [1]}\ninclude: [{seed: 0}]\n",
         "no value for axis 'lr'\n  where: include.0\n  mend: name one value of every axis"),
        ("axes: {seed: [0, 1]}\ninclude: [{seed: 1}]\n",
         "the run {'seed': '1'} stands twice\n  where: include\n  mend: remove it there"),
        ("axes: {seed: [0, 0]}\n",
         "axis 'seed' has the value '0' twice, which makes every run of it a duplicate\n"
         "  where: axes.seed\n  mend: remove one"),
        ("axes: {seed: 0}\n", "axis 'seed' has no values, but 0\n  where: axes.seed\n"
                              "  legal: a list of values, or a mapping from labels to settings"),
    ],
)  # fmt: skip
def test_what_a_file_may_not_say(tmp_path: Path, text: str, expected: str | None) -> None:
    if expected is None:  # an empty exclusion excludes every cell, before the wrong one is met
        assert list(grid(tmp_path, text).cells()) == []
    else:
        assert message(tmp_path, text) == expected


def test_an_error_of_the_table_names_the_file(tmp_path: Path) -> None:
    said = message(tmp_path, "axes: {seed: [0]}\ntable: {rows: [pair, pair], metrics: [test/auroc]}\n")
    assert said == "the table names the axis 'pair' twice\n  where: grid.yaml: table\n  mend: remove one of the two"


def test_settings_of_the_stage_are_left_to_the_plan(tmp_path: Path) -> None:
    settings: dict[str, Any] = grid(tmp_path, "no_such_setting: 3\n").base
    assert settings == {"no_such_setting": 3}
