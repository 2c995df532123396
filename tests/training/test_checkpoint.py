"""Checkpoints that a crash, a bad disk or a full one cannot spoil."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
import torch

from harness.errors import DiskFullError, StoreError
from harness.training import checkpoint_file
from harness.training.checkpoint import Checkpoints


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "it's a folder"


def state(step: int) -> dict[str, Any]:
    weights = torch.randn(50, 40, generator=torch.Generator().manual_seed(step))
    groups = [{"lr": 0.1 * step, "betas": (0.9, 0.999), "fused": True, "params": [0, 1]}]
    return {"model": {"w": weights}, "optimiser": {"groups": groups}, "position": {"epoch": 0, "step": step}}


def filled(folder: Path, *steps: int, keep: int = 2) -> Checkpoints:
    checkpoints = Checkpoints(folder, keep)
    for step in steps:
        checkpoints.save(step, state(step))
    return checkpoints


def steps_in(folder: Path) -> list[int]:
    return sorted(int(path.name.split(".")[0].removeprefix("step-")) for path in folder.glob("*.ckpt"))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(bytes(data))


def test_the_newest_comes_back_as_it_was(folder: Path) -> None:
    found = filled(folder, 5, 10).newest(report=pytest.fail)
    assert found is not None
    step, back = found
    assert step == 10
    assert torch.equal(back["model"]["w"], state(10)["model"]["w"])
    assert {key: back[key] for key in ("optimiser", "position")} == {
        key: state(10)[key] for key in ("optimiser", "position")
    }
    assert torch.equal(Checkpoints(folder).load(5)["model"]["w"], state(5)["model"]["w"])


def test_layout_of_tensors_survives(folder: Path) -> None:
    weights = torch.randn(4, 3, 2, 2).contiguous(memory_format=torch.channels_last)
    Checkpoints(folder).save(1, {"w": weights})
    assert Checkpoints(folder).load(1)["w"].stride() == weights.stride()


def test_nothing_there(folder: Path) -> None:
    assert Checkpoints(folder).newest(report=pytest.fail) is None


@pytest.mark.parametrize(("keep", "left"), [(1, [12]), (2, [9, 12]), (3, [6, 9, 12])])
def test_so_many_are_kept(folder: Path, keep: int, left: list[int]) -> None:
    filled(folder, 3, 6, 9, 12, keep=keep)
    assert steps_in(folder) == left


def test_steps_are_ordered_as_numbers(folder: Path) -> None:
    filled(folder, 900, 10_000)
    assert steps_in(filled(folder, 10_100).folder) == [10_000, 10_100]


@pytest.mark.parametrize("position", [0, 100, 4000, -1000, -1])
def test_a_flipped_bit_is_noticed(folder: Path, position: int) -> None:
    checkpoints, said = filled(folder, 5, 10), list[str]()
    flip(newest := max(folder.glob("*.ckpt")), position)
    found = checkpoints.newest(said.append)
    assert found is not None
    assert found[0] == 5
    assert said == [f"the checkpoint of step 10 is damaged and was passed over: {newest.name}"]


@pytest.mark.parametrize("size", [0, 1, 3000, -1])
def test_a_torn_file_is_noticed(folder: Path, size: int) -> None:
    checkpoints, said = filled(folder, 5, 10), list[str]()
    newest = max(folder.glob("*.ckpt"))
    newest.write_bytes(newest.read_bytes()[:size])
    found = checkpoints.newest(said.append)
    assert found is not None
    assert found[0] == 5
    assert len(said) == 1


def test_all_of_them_damaged_is_said_and_not_hidden(folder: Path) -> None:
    checkpoints, said = filled(folder, 5, 10), list[str]()
    for path in folder.glob("*.ckpt"):
        flip(path, 50)
    assert checkpoints.newest(said.append) is None
    assert len(said) == 2


def test_a_damaged_one_never_displaces_a_whole_one(folder: Path) -> None:
    checkpoints = filled(folder, 5, 10)
    flip(max(folder.glob("*.ckpt")), 50)
    checkpoints.newest(lambda text: None)
    checkpoints.save(15, state(15))
    assert steps_in(folder) == [5, 15]


def test_a_step_done_again_replaces_what_was_there(folder: Path) -> None:
    checkpoints = filled(folder, 5, 10, 15, keep=3)
    again = checkpoints.save(10, state(11))
    assert steps_in(folder) == [5, 10]
    assert again in folder.glob("*.ckpt")
    assert torch.equal(checkpoints.load(10)["model"]["w"], state(11)["model"]["w"])


def test_what_dead_attempts_left_is_removed(folder: Path) -> None:
    checkpoints = filled(folder, 5)
    (folder / ".step-10.0badcafe.tmp").write_bytes(b"half")
    assert checkpoints.newest(pytest.fail) is not None
    assert steps_in(folder) == [5]
    assert len(names_in(folder)) == 1


def test_clear_leaves_nothing(folder: Path) -> None:
    checkpoints = filled(folder, 5, 10)
    (folder / ".step-15.0badcafe.tmp").write_bytes(b"half")
    checkpoints.clear()
    assert names_in(folder) == []
    Checkpoints(folder / "never made").clear()


def test_a_newer_format_is_refused_by_name(folder: Path) -> None:
    checkpoints = filled(folder, 5)
    (newer := folder / f"step-0000000010.v2.{'0' * 32}.ckpt").write_bytes(b"what a later version writes")
    with pytest.raises(StoreError) as caught:
        checkpoints.newest(pytest.fail)
    assert f"{str(newer)!r} has format 2, of a newer version of harness" in str(caught.value)
    assert "legal: formats up to 1" in str(caught.value)


def test_one_that_only_another_machine_can_read_is_named(folder: Path) -> None:
    with pytest.raises(StoreError, match=r"the checkpoint of step 6 in .* is whole for the first rank and not for"):
        filled(folder, 5).load(6)


def no_room_after(limit: int) -> Callable[..., IO[bytes]]:
    """An `open` whose files take so many bytes and then no more, as a full disk does."""

    def opened(path: Path, mode: str) -> IO[bytes]:
        file = open(path, mode, buffering=0)  # noqa: SIM115 - the caller closes it
        if "w" not in mode:
            return file
        written, write = 0, file.write

        def limited(data: bytes) -> int:
            nonlocal written
            written += len(data)
            if written > limit:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(data)

        return Limited(file, limited)

    return opened


class Limited:
    """A file with another `write`."""

    def __init__(self, file: IO[bytes], write: Callable[[bytes], int]) -> None:
        self._file, self.write = file, write

    def __enter__(self) -> "Limited":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize("limit", [0, 500, 5000])
def test_a_full_disk_leaves_the_older_ones(folder: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    checkpoints = filled(folder, 5, 10)
    before = names_in(folder)
    monkeypatch.setattr(checkpoint_file, "open", no_room_after(limit), raising=False)
    with pytest.raises(DiskFullError, match=r"no room is left to write .*step-15"):
        checkpoints.save(15, state(15))
    assert names_in(folder) == before
    monkeypatch.undo()
    found = checkpoints.newest(report=pytest.fail)
    assert found is not None
    assert found[0] == 10


def test_a_disk_that_is_full_only_at_fsync(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    checkpoints = filled(folder, 5)
    before = names_in(folder)
    monkeypatch.setattr(checkpoint_file.os, "fsync", full)
    with pytest.raises(DiskFullError):
        checkpoints.save(10, state(10))
    assert names_in(folder) == before


def test_other_trouble_is_not_taken_for_a_full_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    checkpoints = filled(folder, 5)
    monkeypatch.setattr(checkpoint_file.os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output error"):
        checkpoints.save(10, state(10))
    assert steps_in(folder) == [5]


def test_the_file_and_its_folder_are_synced_before_a_save_returns(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    order: list[str] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(handle: int) -> None:
        order.append("sync " + ("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file"))
        real_fsync(handle)

    def replace(source: Path, target: Path) -> None:
        order.append("rename")
        real_replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    Checkpoints(folder).save(5, state(5))
    assert order == ["sync file", "rename", "sync folder"]
