"""torch's random state on every rank: what dropout and stochastic depth draw from.

Data and augmentation never draw from it (their randomness is keyed by the sample);
the loop sees to it that fetching a batch leaves it as it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from harness.distributed.collectives import all_ranks
from harness.distributed.world import World


def seed_rank(seed: int, step: int, world: World) -> None:
    """Begin this rank's stream anew: other numbers for each seed, step and rank."""
    digest = hashlib.blake2b(f"{seed}/training/{step}/{world.rank}".encode(), digest_size=8).digest()
    torch.manual_seed(int.from_bytes(digest, "big") >> 1)


@contextmanager
def kept(device: torch.device) -> Iterator[None]:
    """Whatever the block draws, the state afterwards is as it was."""
    before = _get(device)
    try:
        yield
    finally:
        _set(before, device)


def gathered(world: World) -> Tensor:
    """Every rank's state as bytes, W x K, on the CPU. All ranks must call it."""
    return all_ranks(_get(world.device).to(world.device)).cpu()


def restored(states_WK: Tensor, world: World) -> bool:
    """Set this rank's state to what `gathered` kept.

    Returns:
        False, with nothing done, where that was of another number of ranks or kind of device.
    """
    if states_WK.shape != (world.size, _get(world.device).numel()):
        return False
    _set(states_WK[world.rank], world.device)
    return True


def _get(device: torch.device) -> Tensor:
    host = torch.get_rng_state()
    return torch.cat([host, torch.cuda.get_rng_state(device)]) if device.type == "cuda" else host


def _set(state_K: Tensor, device: torch.device) -> None:
    host = torch.get_rng_state().numel()
    torch.set_rng_state(state_K[:host].clone())
    if device.type == "cuda":
        torch.cuda.set_rng_state(state_K[host:].clone(), device)
