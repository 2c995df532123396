"""Table S1 as one function of a batch: draw, then each operation on the images that it hits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from harness.data.augment.ops.colour import adjust_brightness, adjust_contrast, adjust_saturation
from harness.data.augment.ops.crop import flip_and_crop
from harness.data.augment.ops.draws import Draws, draw
from harness.data.augment.ops.hue import adjust_hue
from harness.data.augment.ops.noise import add_background_noise, add_noise
from harness.data.augment.ops.rotation import rotate
from harness.data.augment.ops.solarize import solarize
from harness.data.augment.ops.transfer import on_hit, per_image
from harness.data.kinds import is_vectors
from harness.data.random import check_seed

if TYPE_CHECKING:
    from harness.data.augment.table_s1 import TableS1

CHUNK_VALUES = 2**19


class Chain:
    """The augmenter of `TableS1`; it keeps its settings and seed and no state.

    On a CPU a batch is worked on in parts of a few MB, which stay in the cache: at
    224 px this is several times faster than the whole batch at once.

    Args:
        config: The settings.
        seed: The run's seed.

    Raises:
        ConfigError: The seed is out of range.
    """

    def __init__(self, config: TableS1, seed: int) -> None:
        check_seed(seed)
        self.config, self.seed = config, seed

    @torch.no_grad()
    def __call__(self, x: Tensor, keys: npt.NDArray[np.uint64], epoch: int, branch: int) -> Tensor:
        """The augmented batch; see `Augmenter`."""
        assert len(x) == len(keys), f"{len(x)} samples have {len(keys)} keys"
        if is_vectors(x):
            return x
        draws = draw(self.config, self.seed, keys, epoch, branch)
        batch, height, width, channels = x.shape
        out_BCHW = torch.empty((batch, channels, height, width), dtype=torch.float32, device=x.device)
        for part in _parts(x):
            torch.clamp(self._augment(x[part], draws.take(part)), 0.0, 1.0, out=out_BCHW[part])
        return out_BCHW

    def _augment(self, x_BHWC: Tensor, draws: Draws) -> Tensor:
        """Table S1, in its order."""
        config = self.config
        noise = add_noise if config.noise_where == "everywhere" else add_background_noise
        x = flip_and_crop(x_BHWC, draws)
        x = on_hit(x, draws.noise, lambda y, at: noise(y, draws.noise_key[at], config.noise_sigma))
        x = on_hit(x, draws.rotation, lambda y, at: rotate(y, draws.angle[at], config.rotation_interpolation))
        x = on_hit(x, draws.solarize, lambda y, at: solarize(y, draws.threshold[at]))
        return on_hit(x, draws.jitter, lambda y, at: jitter(y, draws, at))


def jitter(x_BCHW: Tensor, draws: Draws, rows: npt.NDArray[np.intp]) -> Tensor:
    """Brightness, contrast, saturation and hue, in this order and in place."""
    factors = np.stack([draws.brightness, draws.contrast, draws.saturation, draws.hue])[:, rows]
    brightness, contrast, saturation, hue = (per_image(factor, x_BCHW.device) for factor in factors)
    x = adjust_brightness(x_BCHW, brightness)
    x = adjust_saturation(adjust_contrast(x, contrast), saturation)
    return adjust_hue(x, hue) if draws.hue[rows].any() else x


def _parts(x_BHWC: Tensor) -> list[slice]:
    """The slices of a batch that are worked on together: on a CPU as many images as fit the cache."""
    fitting = CHUNK_VALUES // max(1, x_BHWC.shape[1:].numel()) if x_BHWC.device.type == "cpu" else len(x_BHWC)
    step = max(1, fitting)
    return [slice(start, start + step) for start in range(0, len(x_BHWC), step)]
