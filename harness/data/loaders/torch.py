"""The default loader: PyTorch's DataLoader on the mapped arrays of a pack."""

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


class TorchLoader(Loader, name="torch"):
    """Batches by `torch.utils.data.DataLoader`.

    Attributes:
        num_workers: Processes that fetch ahead; 0 fetches in the training process,
            which is enough where the pack lies in memory or on a local disk (a row of
            224 px takes about 20 us).
    """

    num_workers: Annotated[int, Field(ge=0), Placement()] = 0

    def build(self, packed: PackedSet, sources: Sequence[Source], device: torch.device) -> Load:
        """See `Loader.build`."""
        from harness.data.loaders.mapped.torch import MappedLoad

        return MappedLoad(columns(packed, sources), packed.keys, self.num_workers)
