"""Table S1 by DALI's own operators, as far as it has them: the benchmark's other side."""

from __future__ import annotations

import math
from collections.abc import Generator
from functools import partial
from typing import Any

from harness.data.loaders.files.minimal import loop as decoded
from harness.data.packed import PackedSet

DEGREES = math.degrees(math.pi)
SHARE = (0.75, 1.0)
HUE = 36.0
WHITE = 255.0


def loop(packed: PackedSet, global_batch_size: int, num_workers: int, epochs: int) -> Generator[int, None, None]:
    """DALI's readers, decoders and augmentations over the pack's files; yields the pairs of each batch.

    Flips, crop and resize, rotation, solarize and colour jitter on every image, its draws
    its own; there is no noise on the background alone, so that is left to ours.

    Args:
        packed: The pack, opened with its manifest; the files of all of its images are read.
        global_batch_size: Pairs of a batch.
        num_workers: DALI's threads.
        epochs: How often it goes through the set.
    """
    yield from decoded(packed, global_batch_size, num_workers, epochs, then=partial(_augmented, side=packed.size))


def _augmented(images: Any, side: int) -> Any:
    """The operators in Table S1's order; float32 (C, H, W) in 0..1."""
    from nvidia.dali import fn, types

    def happens(probability: float) -> Any:
        return fn.random.coin_flip(probability=probability, dtype=types.BOOL)

    images = fn.flip(images, horizontal=fn.random.coin_flip(), vertical=fn.random.coin_flip())
    images = fn.random_resized_crop(
        images,
        size=(side, side),
        random_area=[SHARE[0] ** 2, SHARE[1] ** 2],
        random_aspect_ratio=[SHARE[0], 1 / SHARE[0]],
        antialias=False,
    )
    turned = fn.rotate(images, angle=fn.random.uniform(range=(0.0, DEGREES)), keep_size=True, fill_value=0)
    images = _either(happens(0.4), turned, images)
    bright = images >= fn.random.uniform(range=(0.0, WHITE))
    inverted = bright * (WHITE - images) + (bright ^ True) * images
    images = _either(happens(0.3), fn.cast(inverted, dtype=types.UINT8), images)
    images = fn.color_twist(
        images,
        brightness=fn.random.uniform(range=(0.6, 1.4)),
        contrast=fn.random.uniform(range=(0.6, 1.4)),
        saturation=fn.random.uniform(range=(0.6, 1.4)),
        hue=fn.random.uniform(range=(-HUE, HUE)),
    )
    return fn.crop_mirror_normalize(images, dtype=types.FLOAT, output_layout="CHW", mean=0.0, std=WHITE)


def _either(choice: Any, one: Any, other: Any) -> Any:
    """One batch where the choice is true, the other elsewhere."""
    from nvidia.dali import fn, types

    return fn.cast(choice * one + (choice ^ True) * other, dtype=types.UINT8)
