"""Batches read from a .beton by FFCV."""

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


class FfcvLoader(Loader, name="ffcv"):
    """Batches by FFCV's compiled reader, from the .beton beside the pack, which is made where it is missing.

    Attributes:
        num_workers: Threads that share a batch.
    """

    num_workers: Annotated[int, Field(ge=1), Placement()] = 1

    def build(self, packed: PackedSet, sources: Sequence[Source], device: torch.device) -> Load:
        """See `Loader.build`.

        Raises:
            MissingDependencyError: FFCV is not installed.
            StoreError: The .beton is torn, altered or of other data, or cannot be written.
        """
        from harness.data.beton.make import beton
        from harness.data.loaders.beton.ffcv import FfcvLoad, check_installed

        check_installed()
        wanted = columns(packed, sources)
        return FfcvLoad(wanted, packed, beton(packed), self.num_workers)
