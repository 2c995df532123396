"""Table S1 of a batch by the kernels, shared among the threads that torch may use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from harness.data.augment.fused.kernel import augment
from harness.data.augment.fused.plan import Plan, Ways
from harness.data.augment.ops.crop import taps
from harness.data.augment.ops.draws import Draws
from harness.data.augment.ops.rotation import source_parts

if TYPE_CHECKING:
    from harness.data.augment.table_s1 import TableS1

PIECE = 8
SIXTHS = 6.0


class Fused:
    """The kernels as a form of Table S1.

    A thread takes the next images when it is done with its last ones. Threads are
    Python's and last for a batch: numba's own would fight with torch's, and would not
    be there in a forked process.

    Args:
        config: The settings.
    """

    def __init__(self, config: TableS1) -> None:
        self.ways = Ways(
            noise_sigma=np.float32(config.noise_sigma),
            everywhere=config.noise_where == "everywhere",
            nearest=config.rotation_interpolation == "nearest",
        )

    def __call__(self, x_BHWC: Tensor, draws: Draws, out_BCHW: Tensor) -> None:
        """See `harness.data.augment.ops.chain.Form`."""
        batch, height, width, channels = x_BHWC.shape
        images = x_BHWC.reshape(batch, height, width * channels).contiguous().numpy()
        plan, out = plan_of(draws, height, width, channels), out_BCHW.numpy()
        threads = min(torch.get_num_threads(), -(-batch // PIECE))
        if threads <= 1:
            augment(images, plan, self.ways, 0, batch, out)
            return
        with ThreadPoolExecutor(threads) as pool:
            starts = range(0, batch, PIECE)
            ends = (min(start + PIECE, batch) for start in starts)
            for _ in pool.map(lambda start, end: augment(images, plan, self.ways, start, end, out), starts, ends):
                pass


def plan_of(draws: Draws, height: int, width: int, channels: int) -> Plan:
    """The draws as the kernels take them."""
    rows = taps(height, draws.crop_height, draws.crop_top, draws.flip_ud)
    columns = taps(width, draws.crop_width, draws.crop_left, draws.flip_lr)
    turn_columns, turn_rows = source_parts(draws.angle, height, width)
    factors = np.stack([draws.brightness, draws.contrast, draws.saturation, draws.hue * SIXTHS])
    return Plan(
        rows=np.stack([rows.near, rows.far]).astype(np.uint32),
        row_weights=rows.weight,
        columns=(np.stack([columns.near, columns.far]) * channels).astype(np.uint32),
        column_weights=columns.weight,
        noise=draws.noise,
        noise_key=draws.noise_key.astype(np.uint32),
        rotation=draws.rotation,
        turn_columns=turn_columns,
        turn_rows=turn_rows,
        solarize=draws.solarize,
        threshold=draws.threshold.astype(np.float32),
        jitter=draws.jitter,
        factors=factors.astype(np.float32),
    )
