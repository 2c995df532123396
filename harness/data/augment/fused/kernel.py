"""Table S1 on one image after another, the one function that is called from outside.

A rotated image is made in a frame first, with a border of zeros, and its rows are
gathered from there; any other is made where it is to be. Operations, their order
and their formulas are those of the batched form, whose modules say what they mean.
"""

from __future__ import annotations

import numpy as np

from harness.data.augment.fused.colouring import jitter, solarize
from harness.data.augment.fused.compiled import kept
from harness.data.augment.fused.numbers import BORDER, MARGIN, Bytes, Reals
from harness.data.augment.fused.plan import Plan, Ways
from harness.data.augment.fused.resampling import resample
from harness.data.augment.fused.turning import rotate


@kept
def augment(x_BHK: Bytes, plan: Plan, ways: Ways, first: int, last: int, out_BCHW: Reals) -> None:
    """Table S1 on the images `first` to `last` of a batch, into their places in `out_BCHW`.

    Args:
        x_BHK: The images, a row's pixels and their channels as one dimension.
        plan: What is done to each.
        ways: What holds for all.
        first: The first image.
        last: The one after the last.
        out_BCHW: Where they are put.
    """
    _, channels, height, width = out_BCHW.shape
    frame = np.zeros((channels, height + BORDER, width + BORDER), np.float32)
    for n in range(first, last):
        image = out_BCHW[n]
        if plan.rotation[n]:
            resample(x_BHK[n], plan, ways, n, frame, MARGIN)
            rotate(frame, plan, ways.nearest, n, image)
        else:
            resample(x_BHK[n], plan, ways, n, image, 0)
        if plan.solarize[n]:
            solarize(image.reshape(-1), plan.threshold[n])
        if plan.jitter[n]:
            jitter(image.reshape(channels, -1), plan.factors[:, n])
