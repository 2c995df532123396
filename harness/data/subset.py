"""Fractions of a split: nested, stratified by class, chosen by a hash of each sample's id.

A subset follows from the ids alone: no seed, no order of files, no machine has a
part in it, and a smaller fraction is within every larger one.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from harness.errors import ConfigError


def sample_keys(ids: Iterable[str]) -> NDArray[np.uint64]:
    """A 64-bit key per sample: BLAKE2b of its id in UTF-8, read as a little-endian number."""
    digests = b"".join(hashlib.blake2b(name.encode(), digest_size=8).digest() for name in ids)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def share_of(count: int, fraction: float) -> Fraction:
    """The exact product with the decimal fraction that was written: 7 % of 100 is 7, not 7.000000000000001."""
    return Fraction(repr(float(fraction))) * count


def subset(keys: NDArray[np.uint64], classes: NDArray[np.int64], fraction: float) -> NDArray[np.int64]:
    """The positions of a fraction of the samples, in ascending order.

    Of each class with n samples the ceil(fraction n) with the lowest keys are taken,
    so no class that is there is lost. Samples without a class count as one.

    Args:
        keys: `sample_keys` of the samples.
        classes: A class number per sample.
        fraction: In (0, 1].

    Raises:
        ConfigError: The fraction is outside (0, 1].
    """
    if not 0 < fraction <= 1:
        raise ConfigError(
            f"the fraction {fraction} is outside its range", legal="above 0, at most 1", mend="correct it"
        )
    taken = [_lowest(keys, np.flatnonzero(classes == number), fraction) for number in np.unique(classes)]
    return np.sort(np.concatenate(taken)) if taken else np.empty(0, np.int64)


def _lowest(keys: NDArray[np.uint64], members: NDArray[np.int64], fraction: float) -> NDArray[np.int64]:
    order = np.argsort(keys[members], kind="stable")
    return members[order[: math.ceil(share_of(len(members), fraction))]]
