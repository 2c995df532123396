"""Table S1 on decoded images: ours, batched in torch or fused by numba, beside torchvision's image by image.

Both images of a pair go through all of Table S1, as bytes in memory that become a
batch of floats; nothing is read or decoded. CPU-seconds are those of all threads.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from harness.bench.turns import Compared, Way, compared, in_turn
from harness.bench.usual import torchvision_v2
from harness.data.augment.ops.backend import Backend, installed
from harness.data.augment.table_s1 import TableS1

USUAL = {"torchvision v2": False, "torchvision v2 on tensors": True}
"""torchvision's chain on PIL's images, and with tensors made of them first."""
WARM_UP = 1
"""Batches before the clock starts: the first one may compile."""


def measure(
    images: NDArray[np.uint8], *, threads: int = 1, global_batch_size: int = 128, batches: int = 2, rounds: int = 3
) -> list[Compared]:
    """Each form of ours beside each of torchvision's.

    Args:
        images: Square RGB images, (N, H, H, 3), taken again and again.
        threads: That torch may use, and with it the kernels.
        global_batch_size: Pairs of a batch.
        batches: Of a turn, beside the one that warms up.
        rounds: Turns of each way.

    Returns:
        torch beside each of `USUAL`, then numba, where it is installed.
    """
    forms: list[Backend] = ["torch", "numba"] if installed() else ["torch"]
    sizes = {"global_batch_size": global_batch_size, "batches": WARM_UP + batches}
    ways = {name: usual(images, as_tensors, **sizes) for name, as_tensors in USUAL.items()}
    ways |= {form: ours(images, form, **sizes) for form in forms}
    with threads_of_torch(threads):
        found = in_turn(ways, rounds, WARM_UP)
    return [compared(found, form, name) for form in forms for name in USUAL]


def ours(images: NDArray[np.uint8], form: Backend, *, global_batch_size: int, batches: int) -> Way:
    """Table S1 in one of our forms, both branches of each batch."""

    def counts() -> Generator[int, None, None]:
        augment = TableS1(backend=form).build(seed=0)
        for step in range(batches):
            rows = _rows(step, global_batch_size)
            x, keys = torch.from_numpy(images[rows % len(images)]), rows.astype(np.uint64)
            for branch in (0, 1):
                augment(x, keys, 0, branch)
            yield global_batch_size

    return counts


def usual(images: NDArray[np.uint8], as_tensors: bool, *, global_batch_size: int, batches: int) -> Way:
    """torchvision's chain on each image by itself, then stacked, as a DataLoader's worker does it."""

    def counts() -> Generator[int, None, None]:
        transform = torchvision_v2(images.shape[1], as_tensors)
        opened = [Image.fromarray(image) for image in images]
        for step in range(batches):
            rows = _rows(step, global_batch_size)
            for _ in (0, 1):
                torch.stack([transform(opened[row % len(opened)]) for row in rows])
            yield global_batch_size

    return counts


def _rows(step: int, size: int) -> NDArray[np.int64]:
    return np.arange(step * size, (step + 1) * size)


@contextmanager
def threads_of_torch(count: int) -> Iterator[None]:
    """torch with a number of threads, and what it had before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
