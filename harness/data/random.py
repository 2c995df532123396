"""Random numbers that belong to what they are for, and to no batch, loader or rank.

A draw is a function of (seed, epoch, sample, branch, operation, its number). The
same sample gets the same numbers, bit for bit, whatever batch it comes in, on
whichever rank, and after a resume, which needs no generator's state.

Layout of a Philox block, which makes two numbers:

    key           the seed, 64 bits
    counter 0, 1  the sample's key, 64 bits
    counter 2     the epoch, 32 bits
    counter 3     branch (8 bits), operation (12), block (12)

Each part has bits of its own, so no two draws share a block. An operation is a
number that is given once and never again: a new operation takes the next one, and
a new draw of an operation comes after its old ones, so neither shifts what was
drawn before.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from harness.data.philox import HALF, LOW, Block, philox
from harness.errors import ConfigError

MAX_SEED = 2**64 - 1
BITS = {"epoch": 32, "branch": 8, "operation": 12}
MAX_COUNT = 2 * 2**12
HIGH_SHIFT, LOW_SHIFT = np.uint64(5), np.uint64(6)
HIGH_PLACE, UNIT = float(2**26), 2.0**-53


def uniform(
    seed: int, epoch: int, keys: npt.NDArray[np.uint64], branch: int, operation: int, count: int
) -> npt.NDArray[np.float64]:
    """Numbers in [0, 1) of 53 random bits, for one operation.

    Args:
        seed: The run's seed, 0 to 2^64 - 1.
        epoch: Counted from 0.
        keys: The key of each sample, (B,).
        branch: The branch that the numbers are for, 0 to 255.
        operation: What the numbers are for, 0 to 4095.
        count: How many; a longer draw begins with the shorter one.

    Returns:
        The numbers, (B, count).

    Raises:
        ConfigError: The seed is out of range.
    """
    return uniform_streams(seed, epoch, keys, [(branch, operation)], count)[:, 0]


def uniform_streams(
    seed: int, epoch: int, keys: npt.NDArray[np.uint64], streams: Sequence[tuple[int, int]], count: int
) -> npt.NDArray[np.float64]:
    """What `uniform` gives for each (branch, operation) of `streams`, in one pass: (B, len(streams), count).

    Raises:
        ConfigError: The seed is out of range.
    """
    check_seed(seed)
    assert keys.dtype == np.uint64, f"sample keys are uint64 of one dimension, not {keys.dtype}"
    assert keys.ndim == 1, f"sample keys have one dimension, not {keys.ndim}"
    assert 0 < count <= MAX_COUNT, f"{count} draws of an operation; 1 to {MAX_COUNT} are there"
    words = philox(_counter(epoch, keys, streams, -(-count // 2)), (seed & 0xFFFFFFFF, seed >> 32))
    pairs = np.stack([_unit(words[0], words[1]), _unit(words[2], words[3])], axis=-1)
    return pairs.reshape(len(keys), len(streams), -1)[:, :, :count]


def check_seed(seed: int) -> None:
    """Check that a seed fits its 64 bits.

    Raises:
        ConfigError: It does not.
    """
    if not 0 <= seed <= MAX_SEED:
        raise ConfigError(f"the seed {seed} is out of range", legal=f"0 to {MAX_SEED}", mend="choose another seed")


def _counter(epoch: int, keys: npt.NDArray[np.uint64], streams: Sequence[tuple[int, int]], num_blocks: int) -> Block:
    """Counter words that broadcast to (B, streams, blocks)."""
    key = keys[:, None, None]
    epochs = np.full((1, 1, 1), _part("epoch", epoch), dtype=np.uint64)
    places = [_part("branch", branch) << 24 | _part("operation", operation) << 12 for branch, operation in streams]
    last = np.array(places, dtype=np.uint64)[None, :, None] | np.arange(num_blocks, dtype=np.uint64)
    return key & LOW, key >> HALF, epochs, last


def _part(name: str, value: int) -> int:
    assert 0 <= value < 2 ** BITS[name], f"{name} {value} does not fit {BITS[name]} bits"
    return int(value)


def _unit(high: npt.NDArray[np.uint64], low: npt.NDArray[np.uint64]) -> npt.NDArray[np.float64]:
    """27 bits of one word over 26 of the other, as a fraction."""
    return ((high >> HIGH_SHIFT) * HIGH_PLACE + (low >> LOW_SHIFT)) * UNIT
