"""The process group of one run: joined through a file, left without a trace.

Rank 0 opens a store on a port that the system chooses and publishes it in the
rendezvous file; the others wait for the file. Fixed ports clash when two runs share
a node, and a chosen one cannot be known before. The file is gone as soon as all
ranks have met, so a killed run leaves none and the next group can use the same name.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import torch
import torch.distributed as dist
from torch.distributed import TCPStore  # type: ignore[attr-defined]

from harness.distributed.place import Place
from harness.errors import ConfigError, HarnessError
from harness.files import write_atomic

Accelerator = Literal["auto", "cpu", "cuda"]
GLOO_INTERFACE = "GLOO_SOCKET_IFNAME"
POLL_S = 0.02


@dataclass(frozen=True)
class World:
    """The ranks that work on one run.

    Attributes:
        rank: This process's global rank.
        size: How many ranks there are.
        device: The device that this rank computes on.
    """

    rank: int
    size: int
    device: torch.device


class LostRankError(HarnessError):
    """Another rank did not come, or went away in the middle; its own log says why."""

    kind = "lost rank"


def is_lost_rank(error: BaseException) -> bool:
    """Whether an error says no more than that another rank is gone: a connection that broke or timed out."""
    told_by_torch = isinstance(error, RuntimeError) and (isinstance(error, dist.DistError) or "gloo" in str(error))
    return told_by_torch or isinstance(error, LostRankError)


@contextlib.contextmanager
def joined(
    place: Place, rendezvous: Path, timeout_s: float = 600.0, accelerator: Accelerator = "auto"
) -> Iterator[World]:
    """The world of this launch, with its process group for as long as the block lasts.

    NCCL on CUDA, gloo otherwise; no group at all for a single process. On a normal
    end all ranks leave together. After an error this rank leaves at once, which ends
    the others' collectives.

    Args:
        place: Where this process stands, from `place_from_environment`.
        rendezvous: A file that every rank sees and no other launch uses at the time.
        timeout_s: How long to wait for the other ranks, when joining and in each
            collective.
        accelerator: "auto" takes CUDA where there is a device.

    Raises:
        LostRankError: A rank did not come in time, or its connection broke.
        ConfigError: CUDA is asked for and not there, or has too few devices.
    """
    device = _device(place, accelerator)
    if place.world_size == 1:
        yield World(0, 1, device)
        return
    with _group(place, rendezvous, timedelta(seconds=timeout_s), device), _naming_lost_ranks(place):
        yield World(place.global_rank, place.world_size, device)
        dist.barrier()


def _device(place: Place, accelerator: Accelerator) -> torch.device:
    """This rank's device; a launcher may show each rank its own one, which is then number 0."""
    visible = torch.cuda.device_count() if accelerator != "cpu" else 0
    if visible == 0:
        if accelerator == "cuda":
            raise ConfigError("CUDA is asked for and no device is visible", legal="auto, cpu", mend="run on a GPU node")
        return torch.device("cpu")
    index = place.local_rank if visible > 1 else 0
    if index >= visible:
        raise ConfigError(
            f"local rank {index} has no CUDA device of its own",
            where=f"{visible} devices are visible, {place.local_world_size} ranks are on this host",
            mend="start at most one rank a device",
        )
    torch.cuda.set_device(index)
    return torch.device("cuda", index)


@contextlib.contextmanager
def _group(place: Place, rendezvous: Path, timeout: timedelta, device: torch.device) -> Iterator[None]:
    assert not dist.is_initialized(), "this process is in a group already"
    with _naming_lost_ranks(place), _gloo_on_loopback(place.single_host):
        dist.init_process_group(
            backend="nccl" if device.type == "cuda" else "gloo",
            store=_met(place, rendezvous, timeout),
            rank=place.global_rank,
            world_size=place.world_size,
            timeout=timeout,
            device_id=device if device.type == "cuda" else None,
        )
    try:
        yield
    finally:
        dist.destroy_process_group()


def _met(place: Place, rendezvous: Path, timeout: timedelta) -> TCPStore:
    """A store that all ranks are connected to, the rendezvous file already gone."""
    if place.global_rank > 0:
        host, port = _published(place, rendezvous, timeout)
        store = TCPStore(host, port, is_master=False, timeout=timeout)
        store.set(f"here/{place.global_rank}", "yes")
        store.wait(["all here"])
        return store
    host = "127.0.0.1" if place.single_host else place.first_host or socket.gethostname()
    store = TCPStore(host, 0, is_master=True, wait_for_workers=False, timeout=timeout)
    rendezvous.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(rendezvous, json.dumps({"host": host, "port": store.port}))
    try:
        store.wait([f"here/{other}" for other in range(1, place.world_size)])
    finally:
        rendezvous.unlink(missing_ok=True)
    store.set("all here", "yes")
    return store


def _published(place: Place, rendezvous: Path, timeout: timedelta) -> tuple[str, int]:
    """Host and port in the rendezvous file, once it is there."""
    end = time.monotonic() + timeout.total_seconds()
    while time.monotonic() < end:
        with contextlib.suppress(FileNotFoundError):
            # Listing the folder makes a network file system look again for a name that it has missed before.
            os.listdir(rendezvous.parent)
            address = json.loads(rendezvous.read_text())
            return str(address["host"]), int(address["port"])
        time.sleep(POLL_S)
    raise LostRankError(
        f"rank {place.global_rank} of {place.world_size} waited {timeout.total_seconds():g} s for rank 0",
        where=str(rendezvous),
        mend="look at rank 0's log; the file must be on a disk that every rank sees",
    )


@contextlib.contextmanager
def _naming_lost_ranks(place: Place) -> Iterator[None]:
    """Turn a broken or timed-out connection into an error that says it is another rank's."""
    try:
        yield
    except RuntimeError as error:
        if not is_lost_rank(error):
            raise
        raise LostRankError(
            f"rank {place.global_rank} of {place.world_size} lost its connection to another rank: {error}",
            mend="look at the other ranks' logs for the first error; this one only follows from it",
        ) from error


@contextlib.contextmanager
def _gloo_on_loopback(single_host: bool) -> Iterator[None]:
    """Keep gloo off the network within one host: host names of containers often resolve to nothing."""
    loopback = next((name for _, name in socket.if_nameindex() if name in ("lo", "lo0")), None)
    if not single_host or loopback is None or GLOO_INTERFACE in os.environ:
        yield
        return
    os.environ[GLOO_INTERFACE] = loopback
    try:
        yield
    finally:
        del os.environ[GLOO_INTERFACE]
