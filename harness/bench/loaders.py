"""Our loaders beside each library's own minimal loop, decoding only."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

import torch

from harness.bench.turns import Compared, Way, compared, in_turn
from harness.data.loaders import Loader
from harness.data.order import EpochOrder
from harness.data.packed import PackedSet
from harness.data.source import Source

WARM_UP = 8
"""Batches before the clock starts: what was made ahead in the meantime is little beside the rest."""
OWN = {"ffcv": "FFCV's own loader", "dali": "DALI's own iterator"}


def measure(
    packed: PackedSet,
    names: Sequence[str] = ("ffcv", "dali"),
    *,
    global_batch_size: int = 128,
    num_workers: int = 2,
    epochs: int = 3,
    rounds: int = 3,
) -> list[Compared]:
    """Each loader beside its library's own minimal loop.

    Args:
        packed: Pairs, opened with their manifest; every modality is loaded.
        names: The loaders.
        global_batch_size: Pairs of a batch.
        num_workers: Threads of ours and of theirs.
        epochs: Of one turn.
        rounds: Turns of each.

    Raises:
        MissingDependencyError: A library is not installed.
    """
    sizes = {"global_batch_size": global_batch_size, "num_workers": num_workers, "epochs": epochs}
    rows = []
    for name in names:
        ways = {name: ours(packed, name, **sizes), OWN[name]: own(packed, name, **sizes)}
        rows.append(compared(in_turn(ways, rounds, WARM_UP), name, OWN[name]))
    return rows


def ours(packed: PackedSet, name: str, *, global_batch_size: int, num_workers: int, epochs: int) -> Way:
    """A loader of ours that is given a fresh permutation each epoch."""
    loader = Loader.parse({"name": name, "num_workers": num_workers})

    def counts() -> Generator[int, None, None]:
        order = EpochOrder(packed.rows("train"), seed=0)
        steps = order.steps(global_batch_size)
        rows = (order.batch(epoch, step, global_batch_size) for epoch in range(epochs) for step in range(steps))
        load = loader.build(packed, [Source(name) for name in packed.arrays], torch.device("cpu"))
        yield from (len(batch.rows) for batch in load(rows))

    return counts


def own(packed: PackedSet, name: str, **sizes: int) -> Way:
    """The library's own minimal loop over the same pairs."""
    if name == "ffcv":
        from harness.data.loaders.beton.minimal import loop
    else:
        from harness.data.loaders.files.minimal import loop
    loops: Callable[..., Any] = loop
    return lambda: loops(packed, **sizes)
