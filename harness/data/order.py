"""Which rows each step of each epoch takes: a fresh permutation an epoch, addressed by (epoch, step).

The permutation sorts random words by value. The words are the raw output of
Philox 4x64-10 (Salmon et al., SC 2011) keyed by (seed, epoch), which is fixed by its
definition; numpy's `Generator.permutation` may change between versions. Nothing is
carried from step to step, so resuming is starting at an address.

A window shuffles less: rows enter it in file order, and each place of the epoch takes
one of the rows that stand in it. The paper's authors had one of 1,024 over files that
are sorted by class.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.errors import ConfigError


class EpochOrder:
    """The order of a set of rows under a seed.

    Args:
        rows: The row numbers that an epoch goes through.
        seed: Of the order, from 0 to 2**64 - 1.
        window: None for a permutation of all rows, else the size of the window that moves over them.

    Raises:
        ConfigError: The seed is outside its range.
    """

    def __init__(self, rows: NDArray[np.int64], seed: int, window: int | None = None) -> None:
        if not 0 <= seed < 1 << 64:
            raise ConfigError(f"the seed {seed} is outside its range", legal="0 to 2**64 - 1", mend="take another seed")
        self.rows, self.seed, self.window = rows, seed, window
        self._latest: tuple[int, NDArray[np.int64]] | None = None

    def steps(self, global_batch_size: int) -> int:
        """The full batches of an epoch; an incomplete last one is dropped.

        Args:
            global_batch_size: Rows over all ranks.

        Raises:
            ConfigError: There are fewer rows than one batch takes.
        """
        if not 1 <= global_batch_size <= len(self.rows):
            raise ConfigError(
                f"a global_batch_size of {global_batch_size} does not fit {len(self.rows)} samples",
                where="global_batch_size",
                legal=f"1 to {len(self.rows)}",
                mend="take a smaller batch or more samples",
            )
        return len(self.rows) // global_batch_size

    def epoch(self, epoch: int) -> NDArray[np.int64]:
        """All rows in the order of an epoch. The latest epoch is kept, not made again."""
        if self._latest is None or self._latest[0] != epoch:
            self._latest = epoch, self.rows[self._places(epoch)]
        return self._latest[1]

    def _places(self, epoch: int) -> NDArray[np.int64]:
        words = np.random.Philox(key=np.array([self.seed, epoch], dtype=np.uint64)).random_raw(len(self.rows))
        return np.argsort(words, kind="stable") if self.window is None else _windowed(words, self.window)

    def batch(
        self, epoch: int, step: int, global_batch_size: int, rank: int = 0, world_size: int = 1
    ) -> NDArray[np.int64]:
        """The row numbers that one rank takes at a step.

        The ranks' parts, one after the other, are the global batch, the same for every
        number of ranks.

        Args:
            epoch: From 0.
            step: From 0, less than `steps`.
            global_batch_size: Rows over all ranks.
            rank: This process among the ranks.
            world_size: Number of ranks.

        Raises:
            ConfigError: The batch does not fit the rows or does not divide by the ranks.
        """
        local = local_batch_size(global_batch_size, world_size)
        assert 0 <= rank < world_size
        assert 0 <= step < self.steps(global_batch_size)
        start = step * global_batch_size + rank * local
        return self.epoch(epoch)[start : start + local]


def local_batch_size(global_batch_size: int, world_size: int) -> int:
    """The rows of a batch that each rank takes.

    Args:
        global_batch_size: Rows over all ranks.
        world_size: Number of ranks.

    Raises:
        ConfigError: The batch does not divide by the ranks.
    """
    local, over = divmod(global_batch_size, world_size)
    if over:
        near = [value * world_size for value in (local, local + 1) if value]
        raise ConfigError(
            f"a global_batch_size of {global_batch_size} does not divide by {world_size} ranks",
            where="global_batch_size",
            legal=f"multiples of {world_size}; the nearest are {' and '.join(map(str, near))}",
            mend="change the batch or the number of ranks",
        )
    return local


def _windowed(words: NDArray[np.uint64], size: int) -> NDArray[np.int64]:
    """Places 0 to N - 1 as a window lets them out: each word chooses, by its remainder, which of those in it.

    The place that leaves makes room for the next one of the file order; at the end the window empties.
    """
    standing, entering, order = list(range(min(size, len(words)))), size, []
    for word in words.tolist():
        chosen = word % len(standing)
        order.append(standing[chosen])
        if entering < len(words):
            standing[chosen] = entering
            entering += 1
        else:
            standing[chosen] = standing[-1]
            standing.pop()
    return np.array(order, dtype=np.int64)
