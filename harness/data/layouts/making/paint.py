"""A patch of a twin: H&E whose ground has the colour of its class, with nuclei of several types in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from harness.data.layouts.making.nuclei import Plan, plans, typed
from harness.data.layouts.making.textures import Textures

Image = NDArray[np.uint8]
WOBBLE = 10
"""By how much the colour of a patch differs from that of its class, at most, in each channel."""
SHADES = np.array(
    [[0, 0, 0], [-70, -90, -20], [-120, -120, -60], [-60, -40, -20], [-90, -60, -80], [-50, -80, 10], [-30, -100, -70]],
    np.int16,
)
"""What a nucleus of each type adds to the ground: all darken it, each in a colour of its own."""


@dataclass(frozen=True, eq=False)
class Patch:
    """What is drawn for one patch.

    Attributes:
        rng: Its own stream, for what else is drawn of it.
        plan: Places of nuclei.
        types: (NUMBER + 1,), type of each nucleus, 0 for none.
        grain: (size, size), of mean 0.
        rank: (size, size), 0 to 255, evenly.
    """

    rng: np.random.Generator
    plan: Plan
    types: NDArray[np.uint8]
    grain: NDArray[np.int16]
    rank: NDArray[np.uint8]

    @property
    def mask(self) -> Image:
        """(size, size), the type of the nucleus that each pixel lies in, 0 for none."""
        mask: Image = self.types[self.plan.map]
        return mask

    def he(self, ground: Sequence[int]) -> Image:
        """(size, size, 3), nuclei on a ground of that colour."""
        colour = np.array(ground, np.int16) + self.rng.integers(-WOBBLE, WOBBLE + 1, 3).astype(np.int16)
        look_up = colour + SHADES[self.types]
        return _image(look_up[self.plan.map] + self.grain[..., None])

    def marker(self, light: Sequence[int], haze: int = 20) -> Image:
        """(size, size), fluorescence: the light of each type of nucleus over a haze."""
        look_up = np.array(light, np.int16)[self.types] + np.int16(haze)
        return _image(look_up[self.plan.map] + self.grain // 2)


class Painter:
    """Draws the patches of a set, each from the seed and its number alone.

    Args:
        seed: Of the set.
        size: Side of a patch in px.
    """

    def __init__(self, seed: int, size: int) -> None:
        self.seed, self.textures, self.plans = seed, Textures(seed, size), plans(seed, size)

    def patch(self, number: int, weights: Sequence[float]) -> Patch:
        """One patch.

        Args:
            number: Of the patch in the set.
            weights: How often each type of nucleus is met, the first for none.
        """
        rng = np.random.default_rng([self.seed, 3, number])
        plan = self.plans[int(rng.integers(len(self.plans)))]
        shares = np.array(weights, np.float64)
        types = typed(rng, shares / shares.sum())
        return Patch(rng, plan, types, *self.textures.cut(rng))


def save(image: Image, path: Path) -> None:
    """Write an image file; a PNG without compression, which noise would only slow down."""
    options: dict[str, Any] = {"compress_level": 0} if path.suffix == ".png" else {}
    PIL.Image.fromarray(image).save(path, **options)


def _image(values: NDArray[np.int16]) -> Image:
    return np.clip(values, 0, 255).astype(np.uint8)
