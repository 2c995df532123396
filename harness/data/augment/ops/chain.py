"""Table S1 as one function of a batch: draw, then each operation on the images that it hits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from harness.data.augment.ops.draws import Draws, draw
from harness.data.augment.ops.memory import empty
from harness.data.kinds import is_vectors
from harness.data.random import check_seed

if TYPE_CHECKING:
    from harness.data.augment.shared import TableS1Family

CHUNK_VALUES = 2**19

Operations: TypeAlias = Callable[[Tensor, Draws], Tensor]
"""From bytes of (B, H, W, C) to float32 of (B, C, H, W), yet to be cut to [0, 1]."""
Form: TypeAlias = Callable[[Tensor, Draws, Tensor], None]
"""From bytes of (B, H, W, C), by the draws, into float32 of (B, C, H, W) in [0, 1]."""


class Chain:
    """The augmenter of Table S1; it keeps its settings and seed and no state.

    Args:
        config: The settings.
        seed: The run's seed.
        form: What is done with the draws on a device.

    Raises:
        ConfigError: The seed is out of range.
    """

    def __init__(self, config: TableS1Family, seed: int, form: Callable[[torch.device], Form]) -> None:
        check_seed(seed)
        self.config, self.seed, self.form = config, seed, form

    @torch.no_grad()
    def __call__(self, x: Tensor, keys: npt.NDArray[np.uint64], epoch: int, branch: int) -> Tensor:
        """The augmented batch; see `Augmenter`."""
        assert len(x) == len(keys), f"{len(x)} samples have {len(keys)} keys"
        if is_vectors(x):
            return x
        batch, height, width, channels = x.shape
        out_BCHW = empty((batch, channels, height, width), x.device)
        self.form(x.device)(x, draw(self.config, self.seed, keys, epoch, branch), out_BCHW)
        return out_BCHW


class Batched:
    """Operations as a form: on the whole batch, or on parts of it.

    On a CPU a part has a few MB, which stay in the cache: at 224 px this is several
    times faster than the whole batch at once.

    Args:
        operations: What is done with the draws.
    """

    def __init__(self, operations: Operations) -> None:
        self.operations = operations

    def __call__(self, x_BHWC: Tensor, draws: Draws, out_BCHW: Tensor) -> None:
        """See `Form`."""
        for part in _parts(x_BHWC):
            torch.clamp(self.operations(x_BHWC[part], draws.take(part)), 0.0, 1.0, out=out_BCHW[part])


def _parts(x_BHWC: Tensor) -> list[slice]:
    """The slices of a batch that are worked on together: on a CPU as many images as fit the cache."""
    fitting = CHUNK_VALUES // max(1, x_BHWC.shape[1:].numel()) if x_BHWC.device.type == "cpu" else len(x_BHWC)
    step = max(1, fitting)
    return [slice(start, start + step) for start in range(0, len(x_BHWC), step)]
