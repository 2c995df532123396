"""A sheet of pictures of every operation of Table S1, in both protocols, so that an eye can judge them.

Each row is one operation alone, each column a draw of it, and both protocols take
the same draws: what differs between the two halves is what they do. Noise and
solarize treat black in their own way, so they are shown on a patch cut out and
padded with black, as the crop/pad view shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.data.augment.table_s1 import TableS1
from harness.data.augment.table_s1_authors import TableS1Authors
from harness.report.figures import sample_sheet

if TYPE_CHECKING:
    from harness.data.augment.shared import TableS1Family

PROTOCOLS: dict[str, type[TableS1Family]] = {"paper": TableS1, "authors": TableS1Authors}
OPERATIONS = ("flip", "crop", "noise", "rotation", "solarize", "jitter")
ON_BLACK = ("noise", "solarize")
OFF = {f"{name}_probability": 0.0 for name in OPERATIONS}

Row = tuple[str, list[NDArray[np.uint8]]]


def augmentation_sheet(patches: NDArray[np.uint8], draws: int = 3, seed: int = 0) -> bytes:
    """Patches, each operation on them, and the whole of Table S1 as it is trained with.

    Args:
        patches: RGB images, (N, H, W, 3).
        draws: Pictures of each operation and protocol.
        seed: Of the draws.

    Returns:
        A PNG.
    """
    columns = ["patch", *(f"{protocol} {number + 1}" for protocol in PROTOCOLS for number in range(draws))]
    return sample_sheet(columns, [row for patch in patches for row in _rows(patch, draws, seed)])


def _rows(patch: NDArray[np.uint8], draws: int, seed: int) -> Iterator[Row]:
    """A row for each operation, then one for all together."""
    for name in OPERATIONS:
        probability = 0.5 if name == "flip" else 1.0
        seen = _on_black(patch) if name in ON_BLACK else patch
        yield name, _pictures(seen, draws, seed, **(OFF | {f"{name}_probability": probability}))
    yield "Table S1", _pictures(patch, draws, seed)


def _pictures(patch: NDArray[np.uint8], draws: int, seed: int, **settings: Any) -> list[NDArray[np.uint8]]:
    """The patch and its draws under each protocol."""
    import torch

    x, keys = torch.from_numpy(np.repeat(patch[None], draws, axis=0)), np.arange(draws, dtype=np.uint64)
    made = [patch]
    for protocol in PROTOCOLS.values():
        y_BCHW = protocol(**settings).build(seed)(x, keys, 0, 0)
        made += list(y_BCHW.permute(0, 2, 3, 1).mul(255).round().to(torch.uint8).numpy())
    return made


def _on_black(patch: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle half of a patch, black around it."""
    height, width = (slice(side // 4, side - side // 4) for side in patch.shape[:2])
    padded = np.zeros_like(patch)
    padded[height, width] = patch[height, width]
    return padded
