"""What holds of every layout that can be made; one without settings here is an error."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from harness.config.read import read
from harness.data.datasets import Dataset
from harness.data.layouts import Layout, Twin
from harness.data.layouts.making import paint
from harness.data.twin import SYNTHETIC
from harness.errors import ConfigError, DataError, DiskFullError

SMALL: dict[str, dict[str, Any]] = {
    "conic": {"patches": 24, "sources": 4},
    "hemit": {"patches": 16, "regions": 4},
    "nct": {"patches": 36, "nuclei": True},
    "sample": {"patches": 12, "regions": 4},
    "shift": {"patches": 12, "patients": 3},
}
PART: dict[str, dict[str, Any]] = {name: {"complete": False} for name in ("conic", "hemit", "nct")}
TWINS = sorted(name for name, member in Layout.catalogue().items() if issubclass(member, Twin))


def twin(name: str, **settings: Any) -> Layout:
    return Layout.parse({"name": name, "size": 32} | SMALL[name] | settings)


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def data(root: Path, name: str) -> Dataset:
    kind = "folder" if name == "sample" else name
    return Dataset.parse({"name": kind, "root": str(root), "size": 32} | PART.get(name, {}))


def test_every_layout_is_tested() -> None:
    assert set(SMALL) == set(Layout.catalogue())


@pytest.mark.parametrize("name", SMALL)
def test_its_data_set_reads_it_and_knows_that_it_is_synthetic(tmp_path: Path, name: str) -> None:
    said = twin(name).write(tmp_path / "a b" / "sät's")
    manifest = data(tmp_path / "a b" / "sät's", name).manifest()
    assert manifest.synthetic
    assert len(manifest) == SMALL[name]["patches"]
    assert f"{len(manifest)} synthetic" in said
    assert len(manifest.digest) == 64


@pytest.mark.parametrize("name", SMALL)
def test_the_same_settings_make_the_same_bytes_and_another_seed_others(tmp_path: Path, name: str) -> None:
    for folder, seed in (("one", 0), ("two", 0), ("three", 1)):
        twin(name, seed=seed).write(tmp_path / folder)
    one, two, three = (contents(tmp_path / folder) for folder in ("one", "two", "three"))
    assert one == two
    images = [file for file in one if file.endswith((".tif", ".jpg", "images.npy")) or "/he/" in f"/{file}"]
    assert images
    assert not {one[file] for file in images} & set(three.values())


@pytest.mark.parametrize("name", SMALL)
def test_no_patch_is_like_another(tmp_path: Path, name: str) -> None:
    twin(name).write(tmp_path / "set")
    hashes = data(tmp_path / "set", name).manifest().image_hashes["he"]
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize("name", SMALL)
def test_the_same_set_is_left_as_it_is_and_another_is_refused(tmp_path: Path, name: str) -> None:
    twin(name).write(tmp_path / "set")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "set").rglob("*")}
    twin(name).write(tmp_path / "set")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "set").rglob("*")} == before
    with pytest.raises(DataError, match="holds another") as caught:
        twin(name, seed=7).write(tmp_path / "set")
    assert str(tmp_path / "set") in str(caught.value)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "set").rglob("*")} == before


@pytest.mark.parametrize("name", SMALL)
def test_what_others_made_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "photo.png").write_bytes(b"mine")
    with pytest.raises(DataError, match="is there already and is no"):
        twin(name).write(tmp_path)
    assert contents(tmp_path) == {"photo.png": b"mine"}


@pytest.mark.parametrize("name", TWINS)
def test_an_empty_folder_is_filled_and_says_what_it_is(tmp_path: Path, name: str) -> None:
    twin(name, seed=5).write(tmp_path)
    text = (tmp_path / SYNTHETIC).read_text()
    for word in ("SYNTHETIC: a program made these files. No tissue, no patient.", f"name: {name}", "seed: 5"):
        assert word in text


@pytest.mark.parametrize("name", TWINS)
def test_a_failure_leaves_nothing(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(paint.Patch, "he", full)
    with pytest.raises(DiskFullError, match="no room is left"):
        twin(name).write(tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", TWINS)
def test_a_size_is_the_side_in_pixels(tmp_path: Path, name: str) -> None:
    twin(name, size=20).write(tmp_path / "set")
    manifest = data(tmp_path / "set", name).model_copy(update={"size": 20}).manifest()
    from harness.data.reading import reader

    sample = reader(manifest, 20)(3)
    assert isinstance(sample, dict)
    assert {image.native[:2] for image in sample.values()} == {(20, 20)}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"name": "nct", "patches": 17}, ["patches 17 are too few", "at least 18"]),
        ({"name": "nct", "training": None, "patches": 8}, ["'patches'", "greater than or equal to 9"]),
        ({"name": "nct", "training": "NCT"}, ["'training'", "'NCT-CRC-HE-100K' or 'NCT-CRC-HE-100K-NONORM'"]),
        ({"name": "hemit", "patches": 3, "regions": 4}, ["patches 3 are too few for 4 regions"]),
        ({"name": "conic", "source": 3}, ["unknown key 'source'", "did you mean 'sources'?"]),
        ({"name": "conic", "sources": 200}, ["patches 100 are too few for 200 sources"]),
        ({"name": "shift", "size": 8}, ["'size'", "greater than or equal to 16"]),
        ({"name": "sample", "patches": 20}, ["patches 20 are too few for 30 regions"]),
        ({"name": "ntc"}, ["unknown layout 'ntc'", "legal: conic, hemit, nct, sample, shift", "did you mean 'nct'?"]),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read(Layout, settings, "the command line")
    for word in words:
        assert word in str(caught.value)
