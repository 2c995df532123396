from __future__ import annotations

import dataclasses
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data.beton.layout import HEADER, Layout, fields_of
from harness.data.beton.make import beton
from harness.data.beton.seal import SIZE, sealed, unsealed
from harness.data.packed import PackedSet
from harness.errors import DiskFullError, StoreError
from support.images import packed_folder
from support.processes import start

MEND = "mend: remove it and run again: it is written anew from the pack"


@pytest.fixture
def packed(tmp_path: Path) -> PackedSet:
    return packed_folder(tmp_path, n=12, size=16, vectors=2)


def left(packed: PackedSet) -> list[str]:
    """What lies beside the pack, without locks and remembered hashes."""
    folder = packed.folder
    names = {path.name for path in folder.parent.iterdir() if not path.name.endswith((".lock", ".json"))}
    return sorted(names - {folder.name})


def test_it_lies_beside_the_pack_and_is_made_once(packed: PackedSet) -> None:
    calls: list[tuple[int, int]] = []
    path = beton(packed, progress=lambda done, total: calls.append((done, total)))
    assert left(packed) == [path.name] == [f"{packed.folder.name}.beton"]
    assert calls == [(12, 12)]
    made = path.stat().st_mtime_ns
    assert beton(packed, verify=True, progress=lambda done, total: calls.append((done, total))) == path
    assert path.stat().st_mtime_ns == made
    assert len(calls) == 1


def test_every_pixel_and_number_is_in_it(packed: PackedSet) -> None:
    """By the table of addresses, which names each field of each sample."""
    content = np.fromfile(beton(packed), np.uint8)
    layout = Layout(list(fields_of(packed.arrays).values()), SIZE)
    table = np.frombuffer(layout.table(), "<u8").reshape(12, 3, 3).astype(np.int64)
    for row in range(12):
        for name, (sample, address, length) in zip(packed.arrays, table[row], strict=True):
            assert sample == row
            assert content[address : address + length].tobytes() == packed.array(name)[row].tobytes()


def test_two_are_equal_byte_for_byte(packed: PackedSet) -> None:
    path = beton(packed)
    first = path.read_bytes()
    path.unlink()
    assert beton(packed).read_bytes() == first


def cut(path: Path, count: int) -> None:
    path.write_bytes(path.read_bytes()[:-count])


def flip(path: Path, where: int) -> None:
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.write_bytes(content)


def table_of(path: Path) -> int:
    return int(np.fromfile(path, HEADER, 1)["table"][0])


def unseal(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[table_of(path) - SIZE : table_of(path)] = bytes(SIZE)
    path.write_bytes(content)


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "has no seal of this harness"),
    "cut before its table": (lambda path: cut(path, 12 * 3 * 24 + SIZE), "has no seal of this harness"),
    "cut in its table": (lambda path: cut(path, 24), "is torn: it has "),
    "longer": (lambda path: path.write_bytes(path.read_bytes() + b"\0"), "is torn: it has "),
    "another header": (lambda path: flip(path, 8), "was altered: its checksum does not fit"),
    "another address": (lambda path: flip(path, table_of(path) + 9), "was altered: its checksum does not fit"),
    "another seal": (lambda path: flip(path, table_of(path) - SIZE + 60), "has no seal of this harness"),
    "by FFCV alone": (unseal, "has no seal of this harness"),
    "something else": (lambda path: path.write_bytes(b"\xff" * 5000), "has no seal of this harness"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_one_is_refused_with_the_reason(packed: PackedSet, what: str) -> None:
    spoil, reason = BAD[what]
    path = beton(packed)
    spoil(path)
    with pytest.raises(StoreError) as caught:
        beton(packed)
    assert reason in str(caught.value)
    assert str(path) in str(caught.value)
    assert MEND in str(caught.value)
    path.unlink()
    beton(packed, verify=True)


def test_an_altered_pixel_is_found_where_all_is_read(packed: PackedSet) -> None:
    path = beton(packed)
    flip(path, Layout(list(fields_of(packed.arrays).values()), SIZE).data_at + 500)
    beton(packed)
    with pytest.raises(StoreError, match="was altered: its checksum does not fit"):
        beton(packed, verify=True)


def test_one_of_another_manifest_is_refused(packed: PackedSet, tmp_path: Path) -> None:
    other = packed_folder(tmp_path / "other", n=12, size=16, vectors=2, seed=1)
    path = beton(packed)
    path.write_bytes(beton(other).read_bytes())
    with pytest.raises(StoreError) as caught:
        beton(packed)
    assert str(caught.value) == (
        f"{str(path)!r} holds data of the digest {other.digest}\n  legal: the pack's, {packed.digest}\n  {MEND}"
    )


def test_one_of_the_same_data_in_another_size_is_refused(packed: PackedSet, tmp_path: Path) -> None:
    from harness.data.datasets.folder import Folder
    from harness.data.pack import pack

    smaller = pack(Folder(root=str(tmp_path / "pairs"), size=8), tmp_path / "packs")
    path = beton(packed)
    path.write_bytes(beton(smaller).read_bytes())
    with pytest.raises(StoreError, match="was made from another pack of these data"):
        beton(packed)


def test_an_altered_pack_is_not_passed_on(packed: PackedSet) -> None:
    flip(packed.stored("panck").path, 77)
    with pytest.raises(StoreError, match=r"panck\.bin' was altered: its checksum does not fit"):
        beton(packed)
    assert left(packed) == []


def test_a_full_disk_leaves_nothing(packed: PackedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, mode: str = "r") -> Any:
        return open("/dev/full" if "w" in mode else path, mode)

    monkeypatch.setattr("harness.data.beton.write.open", full, raising=False)
    with pytest.raises(DiskFullError, match="no room is left"):
        beton(packed)
    assert left(packed) == []


def test_a_folder_that_cannot_be_written_is_named(packed: PackedSet) -> None:
    lost = dataclasses.replace(packed, folder=packed.folder / "he.bin" / "pack")
    with pytest.raises(StoreError, match=r"the \.beton '.*pack\.beton' cannot be written"):
        beton(lost)


SCRIPT = """
import os, signal, sys
from pathlib import Path
from harness.data.beton.make import beton
from harness.data.packed import open_pack

folder, log, kill = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "kill"

def tell(done, total):
    if kill:
        os.kill(os.getpid(), signal.SIGKILL)
    with open(log, "a") as file:
        file.write("made\\n")

beton(open_pack(folder), progress=tell)
"""


def test_what_a_killed_process_left_is_cleared_and_others_make_it_once(packed: PackedSet, tmp_path: Path) -> None:
    killed = start(SCRIPT, packed.folder, tmp_path / "log", "kill")
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    (half,) = left(packed)
    assert ".beton.tmp-" in half
    processes = [start(SCRIPT, packed.folder, tmp_path / "log", "live") for _ in range(3)]
    for process in processes:
        process.communicate()
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert (tmp_path / "log").read_text() == "made\n"
    assert left(packed) == [f"{packed.folder.name}.beton"]
    beton(packed, verify=True)


def test_a_seal_says_what_was_sealed() -> None:
    content = {"digest": "ab" * 32, "pages": "cd" * 32}
    block = sealed(content)
    assert len(block) == SIZE
    assert unsealed(block) == content
    assert unsealed(block.replace(b"abab", b"abcb", 1)) is None
    assert unsealed(block.replace(b'"format": 1', b'"format": 2')) is None
    assert unsealed(b"") is None
    assert unsealed(b"7") is None
