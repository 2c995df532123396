"""Data sets: where the samples of a manifest come from, one kind a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field

from harness.config.base import Placement, Since
from harness.config.family import Family
from harness.data.manifest import Manifest
from harness.data.nuclei.folder import digest_of_nuclei, with_nuclei, without_nuclei
from harness.errors import DataError


class Dataset(Family, package="harness.data.datasets"):
    """A data set on disk; a member says how its folder is read.

    Attributes:
        root: The folder. Where it lies changes no result; what is in it does, through the digest.
        size: The side of every image in px, reached by averaging over areas. Images are square.
        digest: The manifest's digest that is expected; None takes what is there.
        bad_images: The share of the samples that may be dropped because an image of
            theirs cannot be decoded. None are by default.
        nuclei: A folder of nuclear masks of these patches (`harness.data.nuclei.folder`); it
            adds the modality `nuclei` and the label `cell`.
        nuclei_digest: What the masks are expected to be, as `digest` is for the rest.
        nuclei_run: The run that makes the masks, where a grid makes them; a worker
            then fills `nuclei` in.
    """

    root: Annotated[str, Placement()]
    size: Annotated[int, Field(ge=1)]
    digest: str | None = None
    bad_images: Annotated[float, Field(ge=0, lt=1)] = 0.0
    nuclei: Annotated[str | None, Placement()] = None
    nuclei_digest: Annotated[str | None, Since(None)] = None
    nuclei_run: Annotated[str | None, Since(None)] = None

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
        if self.digest is not None:
            _check_digest(self.root, "digest", manifest.digest, self.digest)
        if self.nuclei is None:
            return manifest
        masked = with_nuclei(manifest, Path(self.nuclei).expanduser())
        if self.nuclei_digest is not None:
            _check_digest(self.nuclei, "nuclei_digest", digest_of_nuclei(masked), self.nuclei_digest)
        return masked

    def pinned(self, cache: Path | None) -> Self:
        """The same data set with the digests of what is in its folders, where none are expected.

        Raises:
            DataError: The folder or its contents are not what they should be.
        """
        manifest = self.manifest(cache)
        own = replace(manifest, **without_nuclei(manifest)) if self.nuclei is not None else manifest
        masks = digest_of_nuclei(manifest) if self.nuclei is not None and self.nuclei_run is None else None
        return self.model_copy(update={"digest": own.digest, "nuclei_digest": self.nuclei_digest or masks})

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


def _check_digest(folder: str, field: str, found: str, expected: str) -> None:
    if found != expected:
        raise DataError(
            f"the data in {folder!r} have the digest {found}",
            where=f"data.{field}",
            legal=f"the planned one, {expected}",
            mend=f"restore the data that were planned, or plan anew without data.{field} to take these",
        )
