"""Philox 4x32-10, the counter-based generator, vectorised in numpy.

A block of four 32-bit words is a bijection of a 128-bit counter under a 64-bit
key: no state, so any draw can be computed alone and in any order. From Salmon,
Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011),
whose known answers are in the tests. Words are kept in uint64, in which a product
of two 32-bit words is exact; numpy's own uint32 product would keep its low half only.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Words: TypeAlias = npt.NDArray[np.uint64]
Block: TypeAlias = tuple[Words, Words, Words, Words]

NUM_ROUNDS = 10
MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
WEYL = (0x9E3779B9, 0xBB67AE85)
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)


def philox(counter: Block, key: tuple[int, int]) -> Block:
    """The four words of each counter's block.

    Args:
        counter: Four arrays of 32-bit words, lowest word first, of shapes that broadcast.
        key: Two 32-bit words, lowest first.

    Returns:
        Four arrays of 32-bit words, of the shape that the counters broadcast to.
    """
    for number in range(NUM_ROUNDS):
        counter = _round(counter, _round_key(key[0], WEYL[0], number), _round_key(key[1], WEYL[1], number))
    return counter


def _round_key(word: int, weyl: int, number: int) -> np.uint64:
    return np.uint64((word + number * weyl) & 0xFFFFFFFF)


def _round(counter: Block, key_0: np.uint64, key_1: np.uint64) -> Block:
    even, odd = counter[0] * MULTIPLIERS[0], counter[2] * MULTIPLIERS[1]
    return (odd >> HALF) ^ counter[1] ^ key_0, odd & LOW, (even >> HALF) ^ counter[3] ^ key_1, even & LOW
