"""Noise for a row: the integers of the batched form, and its numbers to a few roundings.

Logarithm and cosine are series: a library's functions are called for one number at
a time, these are worked out for a row of them at once.
"""

from __future__ import annotations

import numpy as np

from harness.data.augment.fused.compiled import compiled
from harness.data.augment.fused.numbers import FOUR, HALF, NEXT, ONE, TWO, ZERO, Real, Reals, Word, Words, cut
from harness.data.augment.ops.noise import LAST_SHIFT, ROUNDS

UNIT, QUARTER, LOG_2, TURN = Real(2.0**-24), Real(0.25), Real(np.log(2)), Real(2 * np.pi)
(SHIFT_0, TIMES_0), (SHIFT_1, TIMES_1), (SHIFT_2, TIMES_2) = ((Word(shift), Word(times)) for shift, times in ROUNDS)
SHIFT_3, LOW_BITS = Word(LAST_SHIFT), Word(8)
MANTISSA, UNIT_BITS, THREE_QUADRANTS = np.int32(23), np.int32(24), np.int32(3)
ROOT_HALF = np.int32(0x3F3504F3)
"""The bits of the square root of 1/2."""


@compiled()
def background(canvas: Reals, i: int, margin: int, ground: Reals) -> bool:
    """Mark with 1 those pixels of a row whose channels are all 0; whether there are any."""
    total = ZERO
    for j in range(len(ground)):
        largest = canvas[0, i, j + margin]
        for c in range(1, len(canvas)):
            largest = max(largest, canvas[c, i, j + margin])
        ground[j] = ONE if largest == ZERO else ZERO
        total += ground[j]
    return bool(total > ZERO)


@compiled()
def add_noise(canvas: Reals, i: int, margin: int, height: int, key: Words, sigma: Real, ground: Reals) -> None:
    """Noise on those pixels of a row that are marked, the sum cut to [0, 1]."""
    channels, width = len(canvas), len(ground)
    noise = np.empty(width, np.float32)
    for c in range(channels):
        normal(key[0], key[1], Word((c * height + i) * width), Word((channels * height * width + 1) // 2), noise)
        for j in range(width):
            canvas[c, i + margin, j + margin] = cut(canvas[c, i + margin, j + margin] + noise[j] * sigma * ground[j])


@compiled()
def normal(key_0: Word, key_1: Word, first: Word, half: Word, noise: Reals) -> None:
    """Standard normal numbers from place `first` on; from place `half` on they are sines."""
    for j in range(len(noise)):
        place = Word(first + Word(j))
        beyond = place >= half
        one = mix(Word(mix((place - half if beyond else place) ^ key_0) + key_1))
        two = mix(one ^ Word(key_0 + NEXT))
        angle = Real(two >> LOW_BITS) * UNIT
        noise[j] = radius(Real(Word(one >> LOW_BITS) + NEXT)) * cosine(angle - QUARTER if beyond else angle)


@compiled()
def mix(word: Word) -> Word:
    """See the batched form's `mix`; here in 32 bits."""
    word = Word((word ^ (word >> SHIFT_0)) * TIMES_0)
    word = Word((word ^ (word >> SHIFT_1)) * TIMES_1)
    word = Word((word ^ (word >> SHIFT_2)) * TIMES_2)
    return Word(word ^ (word >> SHIFT_3))


@compiled()
def radius(number: Real) -> Real:
    """The square root of -2 log(number / 2^24), for whole numbers from 1 to 2^24.

    The logarithm is that of the power of 2 and twice the area tangent of
    s = (m - 1) / (m + 1), where m is the rest, between the roots of 1/2 and 2.
    """
    bits = Real(number).view(np.int32)
    power = np.int32((bits - ROOT_HALF) >> MANTISSA)
    rest = np.int32(bits - (power << MANTISSA)).view(np.float32)
    s = (rest - ONE) / (rest + ONE)
    square = s * s
    series = ONE + square * (Real(1 / 3) + square * (Real(1 / 5) + square * (Real(1 / 7) + square * Real(1 / 9))))
    return Real(np.sqrt(-TWO * (Real(power - UNIT_BITS) * LOG_2 + TWO * s * series)))


@compiled()
def cosine(turns: Real) -> Real:
    """The cosine of an angle in turns, by the series of that one of cosine and sine which is short there."""
    quarters = np.rint(turns * FOUR)
    angle = (turns - quarters * QUARTER) * TURN
    z = angle * angle
    even = ONE - z * (HALF - z * (Real(1 / 24) - z * (Real(1 / 720) - z * Real(1 / 40320))))
    odd = ONE - z * (Real(1 / 6) - z * (Real(1 / 120) - z * (Real(1 / 5040) - z * Real(1 / 362880))))
    quadrant = np.int32(quarters) & THREE_QUADRANTS
    value = even if quadrant == 0 or quadrant == 2 else angle * odd
    return Real(-value if quadrant == 1 or quadrant == 2 else value)
