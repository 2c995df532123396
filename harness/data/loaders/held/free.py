"""How much memory is free, and the error for a set that does not fit into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from harness.errors import ConfigError

MEMINFO = Path("/proc/meminfo")
GROUPS = Path("/proc/self/cgroup")
LIMITS = Path("/sys/fs/cgroup")
GB = 1e9


def check_fits(needed: int, device: torch.device) -> None:
    """Check that arrays fit before any of them is read.

    Args:
        needed: Their bytes.
        device: In whose memory they are to lie.

    Raises:
        ConfigError: Less is free.
    """
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else free_on_host()
    if needed > free:
        other = "memory: host, or " if device.type == "cuda" else ""
        raise ConfigError(
            f"the resident loader needs {needed} bytes ({needed / GB:.2f} GB) in the memory of {str(device)!r}, "
            f"where {free} ({free / GB:.2f} GB) are free",
            where="loader",
            legal=f"arrays of at most {free} bytes",
            mend=f"take {other}loader: torch, which reads from disk, or a smaller data.size",
        )


def free_on_host() -> int:
    """The bytes that this process may still take: what the machine has to give, and what its groups are allowed."""
    return min([_available(), *_allowed()])


def _available() -> int:
    fields = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
    return int(fields["MemAvailable"].split()[0]) * 1024


def _allowed() -> Iterator[int]:
    """The room under each limit that a scheduler or container set (control groups, version 2)."""
    lines = GROUPS.read_text().splitlines() if GROUPS.exists() else []
    for path in (line.removeprefix("0::/") for line in lines if line.startswith("0::/")):
        group = LIMITS / path
        while group != LIMITS.parent:
            yield from _room(group)
            group = group.parent


def _room(group: Path) -> Iterator[int]:
    """What a group may still take: what it holds of files can be given up."""
    try:
        limit = (group / "memory.max").read_text().strip()
        used = int((group / "memory.current").read_text())
        counts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    except OSError:
        return
    if limit != "max":
        yield max(0, int(limit) - used + int(counts["file"]))
