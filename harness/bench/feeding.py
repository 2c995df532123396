"""Pairs a second from files to augmented floats: ours beside what people take, on the same images.

Every way reads both images of each pair, puts all of Table S1 on both (what a library
has of it) and gives float32 batches on the CPU. `decoding` leaves the augmentation out.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from harness.bench.turns import Compared, Way, compared, in_turn
from harness.bench.usual import KNOWN, way
from harness.data.augment.table_s1 import TableS1
from harness.data.loaders import Loader
from harness.data.order import EpochOrder
from harness.data.packed import PackedSet
from harness.data.source import Source
from harness.errors import MissingDependencyError

WARM_UP = 2
"""Batches of each turn before its clock starts."""
OURS: dict[str, dict[str, Any]] = {
    "torch, raw store": {"name": "torch"},
    "resident": {"name": "resident"},
    "ffcv": {"name": "ffcv"},
    "dali": {"name": "dali"},
}
BASELINE = "DataLoader, torchvision v2"


@dataclass(frozen=True)
class Size:
    """How much is measured.

    Attributes:
        global_batch_size: Pairs of a batch.
        num_workers: Processes or threads of each way that has any.
        epochs: Of one turn.
        rounds: Turns of each way.
    """

    global_batch_size: int = 128
    num_workers: int = 2
    epochs: int = 1
    rounds: int = 3


def measure(packed: PackedSet, size: Size, decoding: bool) -> tuple[list[Compared], dict[str, str]]:
    """Every way beside torchvision v2 in a DataLoader.

    Args:
        packed: Pairs of two images, opened with their manifest.
        size: How much.
        decoding: Whether to leave the augmentation out.

    Returns:
        A row a way, and by name why a way was left out.
    """
    ways, missing = _ways(packed, size, decoding)
    baseline = "DataLoader" if decoding else BASELINE
    found = in_turn(ways, size.rounds, WARM_UP)
    return [compared(found, name, baseline) for name in ways], missing


def _ways(packed: PackedSet, size: Size, decoding: bool) -> tuple[dict[str, Way], dict[str, str]]:
    ways: dict[str, Way] = {}
    missing: dict[str, str] = {}
    for name, made in _makers(packed, size, decoding).items():
        try:
            ways[name] = made()
        except (MissingDependencyError, ModuleNotFoundError) as error:
            missing[name] = str(error).splitlines()[0]
    return ways, missing


def _makers(packed: PackedSet, size: Size, decoding: bool) -> Mapping[str, Any]:
    """By name, what makes a way; a library that is not there is missed when it is called."""
    usual = {"DataLoader": lambda: _usual(packed, None, size)} if decoding else _with_transforms(packed, size)
    ours = {name: lambda settings=settings: _ours(packed, settings, size, decoding) for name, settings in OURS.items()}
    return {**usual, **ours}


def _with_transforms(packed: PackedSet, size: Size) -> dict[str, Any]:
    usual: dict[str, Any] = {}
    for name, build in KNOWN.items():
        usual[f"DataLoader, {name}"] = lambda build=build: _usual(packed, build(packed.size), size)
    return {**usual, "DALI's own operators": lambda: _dali(packed, size)}


def _usual(packed: PackedSet, transform: Any, size: Size) -> Way:
    files = [packed.files(name) for name in packed.arrays]
    known = [side for side in files if side is not None]
    assert len(known) == len(files), "image files on every side"
    return way(
        known,
        transform,
        global_batch_size=size.global_batch_size,
        num_workers=size.num_workers,
        epochs=size.epochs,
    )


def _dali(packed: PackedSet, size: Size) -> Way:
    from harness.data.loaders.files.dali import check_installed
    from harness.data.loaders.files.operators import loop

    check_installed()
    return lambda: loop(packed, size.global_batch_size, size.num_workers, size.epochs)


def _ours(packed: PackedSet, settings: dict[str, Any], size: Size, decoding: bool) -> Way:
    fields = Loader.catalogue()[settings["name"]].model_fields
    threads = {"num_workers": size.num_workers} if "num_workers" in fields and settings["name"] != "torch" else {}
    loader = Loader.parse({**settings, **threads})
    sources = [Source(name) for name in packed.arrays]
    cpu = torch.device("cpu")
    loader.build(packed, sources, cpu)

    def counts() -> Generator[int, None, None]:
        order, augment = EpochOrder(packed.rows("train"), seed=0), TableS1().build(seed=0)
        steps = order.steps(size.global_batch_size)
        rows = (
            order.batch(epoch, step, size.global_batch_size) for epoch in range(size.epochs) for step in range(steps)
        )
        for number, batch in enumerate(loader.build(packed, sources, cpu)(rows)):
            for branch, images in enumerate(batch.arrays):
                if not decoding:
                    augment(images, batch.keys, number // steps, branch)
            yield len(batch.rows)

    return counts
