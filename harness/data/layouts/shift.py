"""A twin of SHIFT: H&E and pan-cytokeratin of the same made-up tissue, in either form that the data set reads."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from harness.data.datasets.shift import SIDES, TABLE
from harness.data.layouts import Twin
from harness.data.layouts.making.paint import Painter, save
from harness.data.layouts.making.tables import write_table

GROUNDS = ((225, 165, 200), (185, 130, 185))
"""The colour between the nuclei, of stroma and of tumour."""
LIGHT = (0, 190, 10, 0, 30, 150)
"""The pan-cytokeratin of each type of nucleus: it marks epithelium."""


class ShiftTwin(Twin, name="shift"):
    """A twin of SHIFT, which has no labels; half of its patches are rich in epithelium.

    Attributes:
        patients: Where above 0, `pairs.csv` is written, with so many patients, of whom the last fifth
            test. 0 writes the two folders alone, whose pairs all train.
    """

    patients: int = Field(default=0, ge=0)

    def fill(self, folder: Path) -> None:
        """See `Twin.fill`."""
        painter = Painter(self.seed, self.size)
        for side in SIDES:
            (folder / side).mkdir()
        rows = [self._made(painter, number, folder) for number in range(self.patches)]
        if self.patients:
            write_table(folder / TABLE, rows)

    def _made(self, painter: Painter, number: int, folder: Path) -> dict[str, str]:
        """Write one pair; its row of the table."""
        rich = number % 2
        patch = painter.patch(number, (4, 10, 1, 1, 0, 1) if rich else (8, 0, 2, 6, 1, 1))
        paths = {side: f"{side}/{number:06d}.png" for side in SIDES}
        for side, image in zip(SIDES, (patch.he(GROUNDS[rich]), patch.marker(LIGHT)), strict=True):
            save(image, folder / paths[side])
        patient = number // 2 % max(1, self.patients)
        split = "test" if patient >= self.patients - max(1, self.patients // 5) else "train"
        return {"id": f"{number:06d}", **paths, "patient": f"p{patient:03d}", "split": split}
