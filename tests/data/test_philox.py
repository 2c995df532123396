"""The generator against the known answers of its authors' Random123 and against Python's integers."""

from __future__ import annotations

import numpy as np
import pytest

from harness.data.philox import philox
from support import table_s1_oracle as oracle

ONES = 0xFFFFFFFF
PI_COUNTER = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
KNOWN = {
    "zeros": ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    "ones": ((ONES,) * 4, (ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    "pi": (PI_COUNTER, (0xA4093822, 0x299F31D0), (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_answers(name: str) -> None:
    counter, key, expected = KNOWN[name]
    words = philox(tuple(np.array([word], dtype=np.uint64) for word in counter), key)
    assert tuple(int(word[0]) for word in words) == expected


def test_many_counters_at_once_give_what_each_gives_alone() -> None:
    counters = np.random.default_rng(0).integers(0, 2**32, size=(4, 50), dtype=np.uint64)
    words = np.stack(philox(tuple(counters), (3, 2**32 - 7)))
    for column in range(50):
        assert tuple(words[:, column].tolist()) == oracle.philox(tuple(counters[:, column].tolist()), (3, 2**32 - 7))
