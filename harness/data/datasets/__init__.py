"""Data sets: where the samples of a manifest come from, one kind a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from pydantic import Field

from harness.config.base import Placement
from harness.config.family import Family
from harness.data.manifest import Manifest
from harness.errors import DataError


class Dataset(Family, package="harness.data.datasets"):
    """A data set on disk; a member says how its folder is read.

    Attributes:
        root: The folder. Where it lies changes no result; what is in it does, through the digest.
        size: The side of every image in px, reached by averaging over areas. Images are square.
        digest: The manifest's digest that is expected; None takes what is there.
        bad_images: The share of the samples that may be dropped because an image of
            theirs cannot be decoded. None are by default.
    """

    root: Annotated[str, Placement()]
    size: Annotated[int, Field(ge=1)]
    digest: str | None = None
    bad_images: Annotated[float, Field(ge=0, lt=1)] = 0.0

    def read(self) -> Manifest:
        """The manifest as the folder has it; each member's own work.

        Raises:
            DataError: The folder is not what the member expects.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say how it is read")

    def manifest(self, cache: Path | None = None) -> Manifest:
        """The manifest, checked against the expected digest where there is one.

        Args:
            cache: A folder in which the hashes of files are kept, so that a second
                call reads no file whose size and time of change are the same.

        Raises:
            DataError: The folder or its contents are not what they should be.
        """
        manifest = replace(self.read(), cache=cache)
        if self.digest is not None and self.digest != manifest.digest:
            raise DataError(
                f"the data in {self.root!r} have the digest {manifest.digest}",
                where="data.digest",
                legal=f"the planned one, {self.digest}",
                mend="restore the data that were planned, or plan anew without data.digest to take these",
            )
        return manifest

    @property
    def folder(self) -> Path:
        """The root as an existing folder.

        Raises:
            DataError: There is none.
        """
        path = Path(self.root).expanduser()
        if path.is_dir():
            return path
        problem = f"{self.root!r} is a file, not a folder" if path.exists() else f"there is no folder {self.root!r}"
        raise DataError(
            problem,
            where=f"data.root, seen from {str(Path.cwd())!r}",
            legal="the folder that holds the data",
            mend="set data.root=PATH",
        )
