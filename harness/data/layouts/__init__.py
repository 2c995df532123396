"""Sets that the program makes, each in the layout of a real one, one kind a file.

Apart from `sample`, whose effect was built in and measured, they are twins: they have
the folders, files, names, splits and labels of a published set and show its classes by
colour, so that whatever reads, checks, packs and trains runs on the layout that it will
meet. They say nothing of medicine, and nothing of how hard a task is.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from harness.config.family import Family
from harness.data.layouts.making.place import place


class Layout(Family, package="harness.data.layouts"):
    """A set to make; a member says how."""

    def write(self, folder: Path) -> str:
        """Make the set in a folder that is missing or empty, or leave it be where it is there.

        Args:
            folder: The folder.

        Returns:
            What was made, in a line.

        Raises:
            DataError: The folder holds something else.
            DiskFullError: No room; nothing is left behind.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it is made")


class Twin(Layout):
    """What the twins share; the same settings make the same bytes.

    Attributes:
        patches: Number of patches, all splits together.
        size: Side of a patch in px.
        seed: Of everything that is drawn.
    """

    patches: int = Field(default=100, ge=2)
    size: int = Field(default=256, ge=16, le=1024)
    seed: int = Field(default=0, ge=0, lt=2**32)

    def fill(self, folder: Path) -> None:
        """Write the files into a new folder."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it holds")

    def write(self, folder: Path) -> str:
        """See `Layout.write`."""
        place(folder, self, self.fill)
        return f"{self.patches} synthetic patches in the layout of {self.name} (no tissue, no patient)"
