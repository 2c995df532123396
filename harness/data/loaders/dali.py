"""Batches decoded by NVIDIA's DALI from the image files themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from harness.config.base import Placement
from harness.data.loaders import Load, Loader, columns
from harness.data.packed import PackedSet
from harness.data.source import Source

if TYPE_CHECKING:
    import torch


class DaliLoader(Loader, name="dali"):
    """Batches decoded by DALI in our order: on the CPU, or where the training has a GPU, there.

    From lossless files the pixels are the pack's, bit for bit. JPEG decoders differ in
    the last bits, so a JPEG's are DALI's, and another device's may be others again.
    What is no files, vectors say, comes from the pack.

    Attributes:
        num_workers: Threads that read and decode.
    """

    num_workers: Annotated[int, Field(ge=1), Placement()] = 2

    def build(self, packed: PackedSet, sources: Sequence[Source], device: torch.device) -> Load:
        """See `Loader.build`.

        Raises:
            MissingDependencyError: DALI is not installed.
            DataError: The pack was opened without its manifest, which knows the files.
        """
        from harness.data.loaders.files.dali import DaliLoad, check_installed
        from harness.data.loaders.files.encoded import image_files

        check_installed()
        wanted = columns(packed, sources)
        files = [image_files(packed, source, column) for source, column in zip(sources, wanted, strict=True)]
        return DaliLoad(wanted, files, packed.keys, device, self.num_workers)
