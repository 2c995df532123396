from __future__ import annotations

import errno
import json
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.config.yaml import read_file
from harness.data.datasets.folder import Folder
from harness.data.synthetic import NUCLEI, TISSUES, SampleSpec, write_sample
from harness.data.synthetic import write as writing
from harness.data.synthetic.patch import make_patch
from harness.data.synthetic.rows import Row, rows_of
from harness.errors import DataError, DiskFullError

SPEC = SampleSpec(patches=12, regions=4, size=32)


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_what_is_written_is_read_as_a_folder(tmp_path: Path) -> None:
    root = tmp_path / "a b" / "sämple's"
    write_sample(root, SPEC)
    manifest = Folder(root=str(root), size=32).manifest()
    rows = sorted(rows_of(SPEC), key=lambda row: row.id)
    assert manifest.ids == tuple(row.id for row in rows)
    assert manifest.splits == tuple(row.split for row in rows)
    assert manifest.groups == tuple(row.group for row in rows)
    assert manifest.group_kind == "region"
    assert manifest.labels["tissue"].classes == TISSUES
    assert manifest.labels["tissue"].values.tolist() == [row.tissue for row in rows]
    assert manifest.labels["tissue"].derived_from == ()
    assert manifest.labels["cell"].classes == NUCLEI
    assert manifest.labels["cell"].values.tolist() == [make_patch(SPEC, row).cell for row in rows]
    assert manifest.labels["cell"].derived_from == ("mask",)
    assert len(manifest.digest) == 64


def test_the_images_on_disk_are_those_of_the_patch(tmp_path: Path) -> None:
    write_sample(tmp_path / "set", SPEC)
    manifest = Folder(root=str(tmp_path / "set"), size=32).manifest()
    assert set(manifest.modalities) == {"he", "marker", "rescan", "mask"}
    row = rows_of(SPEC)[5]
    patch, at = make_patch(SPEC, row), manifest.ids.index(row.id)
    for name, modality in manifest.modalities.items():
        assert modality.files is not None
        with Image.open(modality.files[at]) as image:
            assert np.array_equal(np.asarray(image), patch.images[name])
    assert manifest.modalities["mask"].resize == "nearest", "types have no mean"


def test_it_says_that_it_is_synthetic(tmp_path: Path) -> None:
    write_sample(tmp_path / "set", SPEC)
    manifest = Folder(root=str(tmp_path / "set"), size=32).manifest()
    assert manifest.synthetic
    assert "synthetic" in manifest.name
    assert "program" in manifest.note
    assert json.loads((tmp_path / "set" / "sample.json").read_text())["synthetic"] is True
    assert read_file(tmp_path / "set" / "dataset.yaml")["synthetic"] is True


def test_two_runs_give_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        write_sample(tmp_path / name, SPEC.model_copy(update={"seed": seed}))
    one, two, three = (contents(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert len(one) == 4 * 12 + 3
    assert not set(one.values()) & {data for name, data in three.items() if name.endswith(".png")}


def test_a_smaller_set_is_part_of_a_larger_one(tmp_path: Path) -> None:
    write_sample(tmp_path / "small", SPEC)
    write_sample(tmp_path / "large", SPEC.model_copy(update={"patches": 20}))
    small, large = contents(tmp_path / "small"), contents(tmp_path / "large")
    assert all(large[name] == data for name, data in small.items() if name.endswith(".png"))
    assert large["manifest.csv"].startswith(small["manifest.csv"])


def test_the_same_set_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sample(tmp_path / "set", SPEC)
    monkeypatch.setattr(writing, "make_patch", None)
    write_sample(tmp_path / "set", SPEC)


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    write_sample(tmp_path, SPEC)
    assert (tmp_path / "manifest.csv").exists()


@pytest.mark.parametrize("name", ["photo.png", "sample.json"])
def test_a_folder_of_other_making_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('{"made_by": "somebody else"}')
    with pytest.raises(DataError) as caught:
        write_sample(tmp_path, SPEC)
    assert "is no sample set" in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert list(contents(tmp_path)) == [name]


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "set").write_text("mine")
    with pytest.raises(DataError, match="is no sample set"):
        write_sample(tmp_path / "set", SPEC)
    assert (tmp_path / "set").read_text() == "mine"


def test_a_set_of_another_spec_is_refused_with_the_difference(tmp_path: Path) -> None:
    write_sample(tmp_path / "set", SPEC)
    before = contents(tmp_path / "set")
    with pytest.raises(DataError, match=r"spec\.patches: 12 > 20; spec\.seed: 0 > 3"):
        write_sample(tmp_path / "set", SPEC.model_copy(update={"seed": 3, "patches": 20}))
    assert contents(tmp_path / "set") == before


def test_half_a_set_is_named(tmp_path: Path) -> None:
    write_sample(tmp_path / "set", SPEC)
    next((tmp_path / "set" / "rescan").glob("*.png")).unlink()
    with pytest.raises(DataError, match="is not whole: 11 of 12 images in 'rescan'"):
        write_sample(tmp_path / "set", SPEC)


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(spec: SampleSpec, row: Row) -> Any:
        if row.place == 2:
            raise KeyboardInterrupt
        return make_patch(spec, row)

    monkeypatch.setattr(writing, "make_patch", failing)
    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path / "set", SPEC)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(DiskFullError, match="no room is left"):
        write_sample(tmp_path / "set", SPEC)
    assert list(tmp_path.iterdir()) == []


def test_writers_of_one_set_at_once_leave_one_whole_set(tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def work() -> None:
        try:
            write_sample(tmp_path / "set", SPEC)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    assert len(Folder(root=str(tmp_path / "set"), size=32).manifest().ids) == 12


def test_a_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    write_sample(tmp_path / "link", SPEC)
    assert (tmp_path / "disk" / "manifest.csv").exists()
    assert (tmp_path / "link").is_symlink()
    shutil.rmtree(tmp_path / "disk")
