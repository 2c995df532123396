"""Amounts of stain scaled and shifted, by products of table entries.

By Beer and Lambert's law a channel is the product of what each stain lets through. A
linear change of the amounts therefore turns each channel into a product of powers
of all three, and with a power of a byte looked up in a table a pixel takes nine
look-ups and six products in a fixed order: the same bytes on every device.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from harness.data.kinds import images_only
from harness.data.random import uniform
from harness.errors import DataError

STAINS = np.array([[0.65, 0.70, 0.29], [0.07, 0.99, 0.11], [0.27, 0.57, 0.78]])
"""Optical density in red, green and blue of haematoxylin, eosin and diaminobenzidine."""
STAIN_DRAW = 1024
"""Its number among the operations of `harness.data.random`; views count from 1024."""
WHITE = 255.0


def jitter_stains(x_BHWC: Tensor, keys: npt.NDArray[np.uint64], scale: float, shift: float) -> Tensor:
    """The batch as if stained otherwise; new memory.

    Args:
        x_BHWC: uint8 images of three channels.
        keys: Of the samples: a sample's change is the same wherever it occurs.
        scale: Strength of the factors.
        shift: Strength of the added amounts.

    Raises:
        DataError: The images have one channel.
    """
    x = images_only(x_BHWC, "stain_jitter")
    if x.shape[3] != 3:
        raise DataError(
            f"a stain_jitter view is asked of images with {x.shape[3]} channel",
            legal="colour images of a brightfield stain, of three channels",
            mend="name a modality in colour",
        )
    tables = torch.from_numpy(_tables(keys, scale, shift)).to(x.device)
    image = torch.arange(len(x), device=x.device)[:, None, None]
    red, green, blue = (x[..., channel].int() for channel in range(3))
    made = [tables[image, c, 0, red] * tables[image, c, 1, green] * tables[image, c, 2, blue] for c in range(3)]
    return torch.stack(made, dim=-1).add_(0.5).clamp_(0.0, WHITE).to(torch.uint8)


def _tables(keys: npt.NDArray[np.uint64], scale: float, shift: float) -> npt.NDArray[np.float64]:
    """For each image, channel made and channel seen, a factor for each byte; (B, 3, 3, 256)."""
    unit = 2 * uniform(0, 0, keys, 0, STAIN_DRAW, 6) - 1
    factors, amounts = 1 + scale * unit[:, :3], shift * unit[:, 3:]
    density = -np.log(np.maximum(np.arange(256), 1) / WHITE)
    mixing = np.einsum("ks,bs,sc->bck", np.linalg.inv(STAINS), factors, STAINS)
    tables: npt.NDArray[np.float64] = np.exp(-mixing[..., None] * density)
    tables[:, :, 0] *= WHITE * np.exp(-(amounts @ STAINS))[:, :, None]
    return tables
