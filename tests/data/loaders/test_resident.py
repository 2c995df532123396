from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from harness.data.loaders import columns
from harness.data.loaders.held import free, resident
from harness.data.loaders.held.resident import ResidentLoad, held
from harness.data.loaders.resident import ResidentLoader
from harness.data.packed import PackedSet
from harness.data.source import Source
from harness.errors import ConfigError, StoreError
from support.fresh import run
from support.images import packed_folder

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> PackedSet:
    return packed_folder(tmp_path_factory.mktemp("set"), n=12, size=16, vectors=3)


def test_each_array_lies_in_memory_once(packed: PackedSet) -> None:
    wanted = columns(packed, [Source("he"), Source("he", "split"), Source("he")])
    arrays = held(wanted, None)
    assert len(arrays) == 1
    load = ResidentLoad(wanted, arrays, packed.keys)
    (whole,) = arrays.values()
    before = whole.clone()
    for batch in load([np.arange(5), np.array([3])]):
        for array in batch.arrays:
            array.zero_()
    assert torch.equal(whole, before)


def test_it_reads_in_parts(packed: PackedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident, "AT_A_TIME", 100)
    for side in ("he", "panck", "markers"):
        (array,) = held(columns(packed, [Source(side)]), None).values()
        assert np.array_equal(array.numpy(), packed.array(side))


def test_nothing_is_copied_on_the_way(tmp_path: Path) -> None:
    """The memory taken, at its most, is the array's own."""
    big = 300 << 20
    stored = (
        f"StoredArray(Path({str(tmp_path / 'he.bin')!r}), 'image', '|u1', ({big >> 14}, 128, 128, 1), '', None, None)"
    )
    with open(tmp_path / "he.bin", "wb") as file:
        file.truncate(big)
    code = f"""
from pathlib import Path
from harness.data.loaders import Column
from harness.data.loaders.held.resident import held
from harness.data.stored import StoredArray
def most():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
before = most()
arrays = held([Column({stored}, None)], None)
print(most() - before)
"""
    assert 0.8 * big < int(run(code)) * 1024 < 1.2 * big


def test_what_does_not_fit_is_refused_before_it_is_read(packed: PackedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = 12 * 16 * 16 * 4
    monkeypatch.setattr(free, "free_on_host", lambda: needed - 1)
    with pytest.raises(ConfigError) as caught:
        ResidentLoader().build(packed, [Source("he"), Source("panck")], CPU)
    assert str(caught.value) == (
        f"the resident loader needs {needed} bytes (0.00 GB) in the memory of 'cpu', where {needed - 1} (0.00 GB) are"
        f" free\n  where: loader\n  legal: arrays of at most {needed - 1} bytes\n"
        "  mend: take loader: torch, which reads from disk, or a smaller data.size"
    )
    monkeypatch.setattr(free, "free_on_host", lambda: needed)
    ResidentLoader().build(packed, [Source("he"), Source("panck"), Source("he", "split")], CPU)


def test_a_device_is_asked_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (10, 99))
    with pytest.raises(
        ConfigError, match=r"needs 11 bytes .* in the memory of 'cuda:1', where 10 .* are free"
    ) as caught:
        free.check_fits(11, torch.device("cuda", 1))
    assert "take memory: host, or loader: torch" in str(caught.value)
    free.check_fits(10, torch.device("cuda", 1))


def test_a_file_that_is_cut_short_is_named(packed: PackedSet, tmp_path: Path) -> None:
    cut = tmp_path / "he.bin"
    cut.write_bytes(packed.stored("he").path.read_bytes()[:-7])
    arrays = {**packed.arrays, "he": dataclasses.replace(packed.stored("he"), path=cut)}
    with pytest.raises(StoreError, match=r"he\.bin' ends 7 bytes too early"):
        ResidentLoader().build(dataclasses.replace(packed, arrays=arrays), [Source("he")], CPU)


def test_what_is_free_is_what_the_machine_and_its_groups_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meminfo, groups, limits = tmp_path / "meminfo", tmp_path / "cgroup", tmp_path / "limits"
    meminfo.write_text("MemTotal:  900 kB\nMemAvailable:  500 kB\n")
    monkeypatch.setattr(free, "MEMINFO", meminfo)
    monkeypatch.setattr(free, "GROUPS", groups)
    monkeypatch.setattr(free, "LIMITS", limits)
    assert free.free_on_host() == 500 * 1024
    groups.write_text("3:cpuset:/elsewhere\n0::/slurm/step\n")
    group(limits / "slurm", "300000", 200_000, 50_000)
    group(limits / "slurm" / "step", "max", 0, 0)
    assert free.free_on_host() == 300_000 - 200_000 + 50_000
    group(limits / "slurm" / "step", "1000", 2000, 100)
    assert free.free_on_host() == 0


def group(folder: Path, limit: str, used: int, files: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\nfile {files}\n")
