"""Each component drawn from a seed of its own.

A component's weights depend on the run's seed, its role and its place among those of
the role, and on nothing else that is built before or after it. So a pair that shares
its encoder and one that does not start from the same first encoder, and an online
probe that is switched on moves nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


def derived_seed(seed: int, role: str, index: int) -> int:
    """A seed for one component, in 63 bits, the same on every machine."""
    digest = hashlib.blake2b(f"{seed}/{role}/{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@contextmanager
def seeded(seed: int, role: str, index: int) -> Iterator[None]:
    """Draw torch's random numbers on the CPU from a derived seed; afterwards the generator is as it was."""
    generator = torch.default_generator
    before = generator.get_state()
    generator.manual_seed(derived_seed(seed, role, index))
    try:
        yield
    finally:
        generator.set_state(before)


def initialised(build: Callable[[], M], seed: int, role: str, index: int) -> M:
    """A component with weights from its own seed.

    Args:
        build: Makes the module on the CPU, drawing from torch's global generator.
        seed: The run's.
        role: Such as ``encoder`` or ``expander``.
        index: Its place among those of the role.
    """
    with seeded(seed, role, index):
        return build()
