from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.data.datasets.folder import Folder
from harness.data.pack import pack
from harness.data.resize import area_resized, nearest_resized
from harness.errors import DataError, DiskFullError, StoreError
from support.images import edit_row, make_folder, packed_folder, read_rows, save


def dataset(root: Path, size: int = 16, **settings: Any) -> Folder:
    return Folder(root=str(root), size=size, **settings)


def left(cache: Path) -> list[str]:
    """What lies in the cache, without locks and remembered hashes."""
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith((".lock", ".json")))


def test_pixels_and_vectors_come_as_they_are(tmp_path: Path) -> None:
    packed = packed_folder(tmp_path, n=9, vectors=3)
    made = tmp_path / "pairs"
    rows = read_rows(made / "manifest.csv")
    assert packed.array("he").shape == (9, 16, 16, 3)
    assert packed.array("panck").shape == (9, 16, 16, 1)
    for index, row in enumerate(rows):
        assert np.array_equal(packed.array("he")[index], np.asarray(Image.open(made / row["he"])))
        assert np.array_equal(packed.array("panck")[index, ..., 0], np.asarray(Image.open(made / row["panck"])))
        assert packed.array("markers")[index].tolist() == [np.float32(word) for word in row["markers"].split()]
    assert packed.groups.tolist() == [row["group"] for row in rows]
    assert packed.splits.tolist() == [row["split"] for row in rows]
    assert (packed.name, packed.note, packed.synthetic) == ("tiny pairs", "noise, made by a test", True)


def test_images_are_made_smaller_as_their_modality_says(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs", n=3, groups=3, modalities=SIDES)
    packed = pack(dataset(made, size=6), tmp_path / "packs")
    he = np.asarray(Image.open(made / "he" / "s0001.png"))
    types = np.asarray(Image.open(made / "panck" / "s0001.png"))[..., None]
    assert np.array_equal(packed.array("he")[1], area_resized(he, 6))
    assert np.array_equal(packed.array("panck")[1], nearest_resized(types, 6))


SIDES = {"he": {"column": "he"}, "panck": {"column": "panck", "resize": "nearest"}}


def test_statistics_are_those_of_the_training_split(tmp_path: Path) -> None:
    packed = packed_folder(tmp_path, n=11, vectors=2)
    train = packed.splits == "train"
    assert 0 < train.sum() < 11
    for name in ("he", "panck"):
        scaled = packed.array(name)[train].astype(np.float64) / 255
        mean, std = packed.statistics(name)
        np.testing.assert_allclose(mean, scaled.mean(axis=(0, 1, 2)), rtol=1e-13)
        np.testing.assert_allclose(std, scaled.std(axis=(0, 1, 2)), rtol=1e-12)
    vectors = packed.array("markers")[train].astype(np.float64)
    np.testing.assert_allclose(packed.statistics("markers"), [vectors.mean(axis=0), vectors.std(axis=0)], rtol=1e-13)


def test_two_packings_are_equal_byte_for_byte(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs")
    folders = [pack(dataset(made), tmp_path / name).folder for name in ("one", "two")]
    for name in ("he.bin", "panck.bin", "index.json"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()


def test_a_pack_is_made_once(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs")
    calls: list[tuple[int, int]] = []
    tell = lambda done, total: calls.append((done, total))  # noqa: E731
    folder = pack(dataset(made), tmp_path / "packs", progress=tell).folder
    assert calls == [(done, 12) for done in range(1, 13)]
    assert pack(dataset(made), tmp_path / "packs", progress=tell, verify=True).folder == folder
    assert len(calls) == 12


@pytest.mark.parametrize("change", ["size", "pixel", "note"])
def test_other_data_have_another_pack(tmp_path: Path, change: str) -> None:
    made = make_folder(tmp_path / "pairs")
    pack(dataset(made), tmp_path / "packs")
    if change == "pixel":
        save(made / "he" / "s0003.png", np.zeros((16, 16, 3), np.uint8))
    if change == "note":
        make_folder(made, note="another")
    packed = pack(dataset(made, size=8 if change == "size" else 16), tmp_path / "packs")
    assert len(left(tmp_path / "packs")) == 2
    assert packed.note == ("another" if change == "note" else "noise, made by a test")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


BAD: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "truncated": (truncate, ["s0004.png' cannot be read", "data.bad_images"]),
    "empty": (lambda path: path.write_bytes(b""), ["s0004.png' cannot be read", "data.bad_images"]),
    "larger": (lambda path: save(path, np.zeros((32, 32, 3), np.uint8)), ["s0004.png' is 32 x 32 px RGB", "16 x 16"]),
    "smaller": (lambda path: save(path, np.zeros((8, 8, 3), np.uint8)), ["s0004.png' has sides of 8 px", "size 16"]),
    "not square": (lambda path: save(path, np.zeros((16, 8, 3), np.uint8)), ["s0004.png' has 8 x 16 pixels"]),
    "grey": (lambda path: save(path, np.zeros((16, 16), np.uint8)), ["s0004.png' is 16 x 16 px grey", "px RGB"]),
    "alpha": (lambda path: save(path, np.zeros((16, 16, 4), np.uint8)), ["s0004.png' has the mode RGBA"]),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_image_is_named_and_nothing_is_left(tmp_path: Path, what: str) -> None:
    spoil, words = BAD[what]
    made = make_folder(tmp_path / "pairs")
    spoil(made / "he" / "s0004.png")
    with pytest.raises(DataError) as caught:
        pack(dataset(made), tmp_path / "packs")
    for word in [*words, str(made), "mend: "]:
        assert word in str(caught.value)
    assert left(tmp_path / "packs") == []


def test_a_tolerated_share_of_unreadable_images_is_dropped_and_counted(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs", vectors=2)
    whole = pack(dataset(made), tmp_path / "whole")
    truncate(made / "he" / "s0004.png")
    truncate(made / "panck" / "s0007.png")
    packed = pack(dataset(made, bad_images=0.17), tmp_path / "packs")
    kept = [row for row in range(12) if row not in (4, 7)]
    assert packed.dropped == ("s0004", "s0007")
    assert packed.ids.tolist() == whole.ids[kept].tolist()
    assert packed.labels["tissue"].values.tolist() == whole.labels["tissue"].values[kept].tolist()
    for name in ("he", "panck", "markers"):
        assert np.array_equal(packed.array(name), whole.array(name)[kept])
    scaled = packed.array("he")[packed.splits == "train"] / 255
    np.testing.assert_allclose(packed.statistics("he")[0], scaled.mean(axis=(0, 1, 2)), rtol=1e-12)


def test_one_unreadable_image_too_many(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs")
    truncate(made / "he" / "s0004.png")
    truncate(made / "panck" / "s0007.png")
    words = ["of 12 samples, at least 2 have an unreadable image: s0004, s0007", "at most 1, a share of 0.1"]
    with pytest.raises(DataError) as caught:
        pack(dataset(made, bad_images=0.1), tmp_path / "packs")
    assert all(word in str(caught.value) for word in words)
    pack(dataset(made, bad_images=0.2), tmp_path / "packs")
    with pytest.raises(DataError) as caught:
        pack(dataset(made, bad_images=0.1), tmp_path / "packs")
    assert all(word in str(caught.value) for word in words), "an existing pack is held to the same share"


def test_other_faults_are_not_tolerated(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs")
    save(made / "he" / "s0004.png", np.zeros((16, 16, 4), np.uint8))
    with pytest.raises(DataError, match="mode RGBA"):
        pack(dataset(made, bad_images=0.9), tmp_path / "packs")


def test_data_that_are_not_the_planned_ones_are_not_packed(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs")
    planned = dataset(made, digest=dataset(made).manifest().digest)
    edit_row(made, 0, tissue="stroma")
    with pytest.raises(DataError, match="have the digest"):
        pack(planned, tmp_path / "packs")


def test_a_file_whose_change_the_clock_did_not_show_is_found(tmp_path: Path) -> None:
    """Its hash is remembered by size and time of change; the bytes that are packed are compared with it."""
    made = make_folder(tmp_path / "pairs")
    image = made / "he" / "s0004.png"
    os.utime(image, (1e9, 1e9))
    dataset(made).manifest(tmp_path / "packs").digest  # noqa: B018 - it fills the cache
    content = bytearray(image.read_bytes())
    content[60] ^= 1
    image.write_bytes(content)
    os.utime(image, (1e9, 1e9))
    with pytest.raises(DataError, match=r"s0004\.png' is not the one that the data's digest was made from"):
        pack(dataset(made), tmp_path / "packs")
    assert left(tmp_path / "packs") == []


@pytest.mark.parametrize("part", ["harness.data.writing", "harness.files"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """What is written to /dev/full finds no room, as on a full disk."""
    made = make_folder(tmp_path / "pairs")
    dataset(made).manifest(tmp_path / "packs").digest  # noqa: B018 - its cache finds room

    def full(path: Path, mode: str = "r") -> Any:
        return open("/dev/full" if "w" in mode else path, mode)

    monkeypatch.setattr(f"{part}.open", full, raising=False)
    with pytest.raises(DiskFullError, match="no room is left"):
        pack(dataset(made), tmp_path / "packs")
    monkeypatch.undo()
    assert left(tmp_path / "packs") == []
    assert len(pack(dataset(made), tmp_path / "packs", verify=True)) == 12


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs")
    (tmp_path / "packs").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="packs") as caught:
        pack(dataset(made), tmp_path / "packs")
    assert "cannot be written" in str(caught.value)


SCRIPT = """
import os, signal, sys
from pathlib import Path
from harness.data.datasets.folder import Folder
from harness.data.pack import pack

root, cache, log, kill_at = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])

def tell(done, total):
    if done == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)
    if done == total:
        with open(log, "a") as file:
            file.write("made\\n")

pack(Folder(root=str(root), size=16), cache, progress=tell)
"""


def packing(tmp_path: Path, kill_at: int = 0) -> subprocess.Popen[bytes]:
    """Another process that packs; it kills itself after so many samples, or writes down that it made the pack."""
    places = [str(tmp_path / name) for name in ("pairs", "packs", "log")]
    return subprocess.Popen([sys.executable, "-c", SCRIPT, *places, str(kill_at)])


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs")
    assert packing(tmp_path, kill_at=7).wait() == -signal.SIGKILL
    (half,) = left(tmp_path / "packs")
    assert ".tmp-" in half
    packed = pack(dataset(made), tmp_path / "packs", verify=True)
    assert left(tmp_path / "packs") == [packed.folder.name]
    clean = pack(dataset(made), tmp_path / "clean")
    assert (packed.folder / "index.json").read_bytes() == (clean.folder / "index.json").read_bytes()


def test_two_processes_make_it_once(tmp_path: Path) -> None:
    make_folder(tmp_path / "pairs", n=60)
    assert [process.wait() for process in [packing(tmp_path) for _ in range(3)]] == [0, 0, 0]
    assert (tmp_path / "log").read_text() == "made\n"
    assert len(left(tmp_path / "packs")) == 1


def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "pairs")

    def interrupt(done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pack(dataset(made), tmp_path / "packs", progress=interrupt)
    assert left(tmp_path / "packs") == []


def test_hostile_names(tmp_path: Path) -> None:
    made = make_folder(tmp_path / "a b 'c' %s $x [1]", name="../ä %s *")
    packed = pack(dataset(made), tmp_path / "packs [x] %d")
    assert packed.name == "../ä %s *"
    assert packed.folder.parent == tmp_path / "packs [x] %d"
    shutil.rmtree(made)
    assert len(np.array(packed.array("he"))) == 12
