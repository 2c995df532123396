"""Run a function on several ranks, each a real process of its own.

The processes are forked from a server that has imported torch once, so that four
ranks start in a fraction of a second and share nothing with the tests' process.
Warnings are errors in them as they are here.
"""

from __future__ import annotations

import multiprocessing as mp
import pickle
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

PRELOAD = ["harness.distributed.world", "torch.nn.parallel", "timm.layers", "pytest"]
JOIN_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Outcome:
    """What became of one rank: a value, or a traceback, or neither where the process died or was killed."""

    rank: int
    value: Any = None
    traceback: str | None = None
    exit_code: int | None = None

    @property
    def failed(self) -> bool:
        return self.traceback is not None or self.exit_code != 0

    def __str__(self) -> str:
        return f"rank {self.rank}, exit code {self.exit_code}:\n{self.traceback or '(no traceback)'}"


def run(function: Callable[..., Any], world_size: int, *arguments: Any, timeout_s: float = 60.0) -> list[Any]:
    """`function(world, *arguments)` on each of `world_size` joined CPU ranks; the values in the order of ranks.

    Raises:
        AssertionError: A rank failed; its traceback is in the message.
    """
    with tempfile.TemporaryDirectory() as folder:
        rendezvous = Path(folder) / "rendezvous"
        outcomes = launch(_in_world, world_size, function, rendezvous, *arguments, timeout_s=timeout_s)
    failed = [outcome for outcome in outcomes if outcome.failed]
    assert not failed, "\n".join(map(str, failed))
    return [outcome.value for outcome in outcomes]


def launch(function: Callable[..., Any], world_size: int, *arguments: Any, timeout_s: float = 60.0) -> list[Outcome]:
    """`function(place, *arguments)` on each rank, without joining them; whatever is left at the time-out is killed."""
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    payload = pickle.dumps((function, arguments))
    ranks: list[tuple[ForkServerProcess, Connection]] = []
    try:
        for rank in range(world_size):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=_rank, args=(theirs, payload, rank, world_size), daemon=True)
            process.start()
            theirs.close()
            ranks.append((process, ours))
        return _outcomes(ranks, time.monotonic() + timeout_s)
    finally:
        for process, _ in ranks:
            process.kill()
            process.join()


def _outcomes(ranks: list[tuple[ForkServerProcess, Connection]], end: float) -> list[Outcome]:
    """What each rank sends before `end`; a closed pipe means that the rank died."""
    received: dict[int, tuple[Any, str | None]] = {}
    waiting = {connection: rank for rank, (_, connection) in enumerate(ranks)}
    while waiting and (left := end - time.monotonic()) > 0:
        for connection in wait(list(waiting), left):
            assert isinstance(connection, Connection)
            rank = waiting.pop(connection)
            try:
                received[rank] = pickle.loads(connection.recv_bytes())
            except EOFError:
                received[rank] = (None, None)
    return [_outcome(rank, process, received.get(rank)) for rank, (process, _) in enumerate(ranks)]


def _outcome(rank: int, process: ForkServerProcess, received: tuple[Any, str | None] | None) -> Outcome:
    if received is None:
        return Outcome(rank, traceback="killed: it had not ended at the time-out")
    process.join(5)
    return Outcome(rank, received[0], received[1], process.exitcode)


def _rank(connection: Connection, payload: bytes, rank: int, world_size: int) -> None:
    """A rank's own process."""
    import torch

    from harness.distributed.place import Place

    torch.set_num_threads(1)
    warnings.simplefilter("error")
    try:
        function, arguments = pickle.loads(payload)
        value = function(Place(rank, rank, world_size, world_size), *arguments)
        connection.send_bytes(pickle.dumps((value, None)))
    except BaseException:
        connection.send_bytes(pickle.dumps((None, traceback.format_exc())))


def _in_world(place: Any, function: Callable[..., Any], rendezvous: Path, *arguments: Any) -> Any:
    from harness.distributed.world import joined

    with joined(place, rendezvous, timeout_s=JOIN_TIMEOUT_S, accelerator="cpu") as world:
        return function(world, *arguments)
