"""What a user of FFCV alone would write: the benchmark's other side."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import torch

from harness.data.beton.layout import fields_of
from harness.data.beton.make import beton
from harness.data.loaders.beton.ffcv import check_installed
from harness.data.packed import PackedSet


def loop(packed: PackedSet, global_batch_size: int, num_workers: int, epochs: int) -> Generator[int, None, None]:
    """FFCV's own loader over the pack's .beton, in its random order; yields the pairs of each batch.

    Args:
        packed: The pack; all of its samples are read.
        global_batch_size: Pairs of a batch.
        num_workers: FFCV's threads.
        epochs: How often it goes through the set.
    """
    check_installed()
    from ffcv.fields.ndarray import NDArrayDecoder
    from ffcv.fields.rgb_image import SimpleRGBImageDecoder
    from ffcv.loader import Loader, OrderOption
    from ffcv.transforms import ToTensor

    pipelines: dict[str, Any] = {
        field.name: [SimpleRGBImageDecoder() if field.is_rgb else NDArrayDecoder(), ToTensor()]
        for field in fields_of(packed.arrays).values()
    }
    threads = torch.get_num_threads()
    try:
        loader = Loader(
            str(beton(packed)),
            global_batch_size,
            num_workers,
            order=OrderOption.RANDOM,
            seed=0,
            pipelines=pipelines,
            drop_last=True,
        )
        for _ in range(epochs):
            for batch in loader:
                yield len(batch[0])
    finally:
        torch.set_num_threads(threads)
