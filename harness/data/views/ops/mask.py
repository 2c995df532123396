"""Type numbers looked up in a table of grey levels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from harness.data.kinds import images_only
from harness.data.views.ops.channels import three_channels
from harness.errors import DataError


def look_up(x_BHW1: Tensor, keys: npt.NDArray[np.uint64], levels: Sequence[int]) -> Tensor:
    """Grey levels of three equal channels, without a copy of the two.

    On a CPU a number outside the table is named; a GPU stops at it without its name.

    Args:
        x_BHW1: Type numbers, uint8 of one channel.
        keys: Of the samples; they have no part in it.
        levels: A grey level for each type number.

    Raises:
        DataError: The images have another number of channels, or hold a type without a level.
    """
    x = images_only(x_BHW1, "mask")
    if x.shape[3] != 1:
        raise DataError(
            f"a mask view is asked of images with {x.shape[3]} channels",
            legal="type numbers in one channel",
            mend="name the modality that holds the nuclear types",
        )
    if x.device.type == "cpu" and int(x.max()) >= len(levels):
        raise DataError(
            f"a mask holds the type {int(x.max())}, and mask.levels has {len(levels)} entries",
            legal=f"types 0 to {len(levels) - 1}",
            mend="give mask.levels an entry for each type of these masks",
        )
    table = torch.tensor(levels, dtype=torch.uint8, device=x.device)
    return three_channels(table.index_select(0, x.reshape(-1).int()).view(x.shape), keys)
