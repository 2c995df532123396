"""What people take today: a DataLoader whose workers decode image files and transform them one by one.

Each is set as near to Table S1 as its library goes: flips, a crop of 75 to 100 % of a
side, rotation, solarize and colour jitter, with the probabilities and strengths of the
paper; none of them has noise on the background alone, so that is left to ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from harness.bench.turns import Way

AREA = (0.75**2, 1.0)
RATIO = (0.75, 1 / 0.75)
DEGREES = math.degrees(math.pi)
JITTER = {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1}
MIDDLE = 0.5
ROTATED = 0.4

Transform = Callable[[Image.Image], Any]


class Pairs(Dataset[tuple[Any, ...]]):
    """Image files, a row a pair; each side opened, made RGB and transformed.

    Args:
        files: For each side, its files.
        transform: Of an image; None gives its bytes.
    """

    def __init__(self, files: Sequence[Sequence[Path]], transform: Transform | None) -> None:
        self.files, self.transform = files, transform

    def __len__(self) -> int:
        return len(self.files[0])

    def __getitem__(self, row: int) -> tuple[Any, ...]:
        return tuple(self._side(side[row]) for side in self.files)

    def _side(self, path: Path) -> Any:
        with Image.open(path) as opened:
            image = opened.convert("RGB")
        return torch.from_numpy(np.array(image)) if self.transform is None else self.transform(image)


def way(
    files: Sequence[Sequence[Path]],
    transform: Transform | None,
    *,
    global_batch_size: int,
    num_workers: int,
    epochs: int,
) -> Way:
    """A DataLoader over the pairs, shuffled, incomplete batches dropped."""
    data = Pairs(files, transform)

    def counts() -> Generator[int, None, None]:
        loader = DataLoader(
            data, global_batch_size, shuffle=True, drop_last=True, num_workers=num_workers, persistent_workers=True
        )
        for _ in range(epochs):
            yield from (len(batch[0]) for batch in loader)

    return counts


def torchvision_v2(size: int, as_tensors: bool = False) -> Transform:
    """torchvision's second transforms, in Table S1's order.

    Args:
        size: The side in px.
        as_tensors: Whether an image becomes a tensor first, as torchvision's pages advise,
            and not last. Of 224 px images on a CPU it is the slower of the two.
    """
    from torchvision.transforms import v2  # type: ignore[import-untyped]

    chain = [
        v2.RandomHorizontalFlip(),
        v2.RandomVerticalFlip(),
        v2.RandomResizedCrop(size, AREA, RATIO, antialias=not as_tensors),
        v2.RandomApply([v2.RandomRotation(DEGREES, v2.InterpolationMode.BILINEAR)], 0.4),
        v2.RandomSolarize(MIDDLE * 255, 0.3),
        v2.ColorJitter(**JITTER),
    ]
    ordered = [v2.ToImage(), *chain] if as_tensors else [*chain, v2.ToImage()]
    return v2.Compose([*ordered, v2.ToDtype(torch.float32, scale=True)])  # type: ignore[no-any-return]


def lightly(size: int) -> Transform:
    """lightly's SimCLR transform of one view, without blur and grey.

    Raises:
        ModuleNotFoundError: lightly is not installed.
    """
    from lightly.transforms.simclr_transform import SimCLRViewTransform  # type: ignore[import-not-found]

    return SimCLRViewTransform(  # type: ignore[no-any-return]
        input_size=size,
        cj_prob=1.0,
        cj_bright=0.4,
        cj_contrast=0.4,
        cj_sat=0.4,
        cj_hue=0.1,
        min_scale=AREA[0],
        random_gray_scale=0.0,
        gaussian_blur=0.0,
        vf_prob=0.5,
        hf_prob=0.5,
        rr_prob=0.4,
        rr_degrees=DEGREES,
        normalize=None,
    )


def stable_pretraining(size: int) -> Transform:
    """stable-pretraining's transforms, which take and give a dictionary.

    Raises:
        ModuleNotFoundError: stable-pretraining is not installed.
    """
    from stable_pretraining.data import transforms as spt  # type: ignore[import-not-found]

    moved = spt.Compose(
        spt.RandomHorizontalFlip(0.5), spt.RandomVerticalFlip(0.5), spt.RandomResizedCrop(size, AREA, RATIO)
    )
    rotation = spt.RandomRotation(DEGREES)
    coloured = spt.Compose(spt.RandomSolarize(MIDDLE * 255, 0.3), spt.ColorJitter(**JITTER), spt.ToImage(scale=True))

    def transform(image: Image.Image) -> Any:
        sample = moved({"image": image})
        turned = rotation(sample) if torch.rand(()) < ROTATED else sample
        return coloured(turned)["image"]

    return transform


KNOWN: dict[str, Callable[[int], Transform]] = {
    "torchvision v2": torchvision_v2,
    "torchvision v2, tensors": partial(torchvision_v2, as_tensors=True),
    "lightly": lightly,
    "stable-pretraining": stable_pretraining,
}
"""Transforms by the name that a row of the benchmark has; the libraries are imported when one is made."""
