"""The whole set in memory: a batch is one look-up there, and feeding is free.

100,000 pairs at 224 px are 30 GB, half of it where the second view derives from the
first: that fits the memory of a large GPU, and of many hosts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from harness.config.base import Placement
from harness.data.loaders import Load, Loader, columns
from harness.data.packed import PackedSet
from harness.data.source import Source

if TYPE_CHECKING:
    import torch


class ResidentLoader(Loader, name="resident"):
    """Batches gathered from arrays that lie whole in memory.

    Attributes:
        memory: Whose memory: that of the device that trains, or the host's. Each rank
            holds its own. Where the training runs on the CPU the two are the same.
    """

    memory: Annotated[Literal["device", "host"], Placement()] = "device"

    def build(self, packed: PackedSet, sources: Sequence[Source], device: torch.device) -> Load:
        """Read the arrays into memory; see `Loader.build`.

        Raises:
            ConfigError: They do not fit into what is free there.
            StoreError: A file is cut short.
        """
        from harness.data.loaders.held.resident import ResidentLoad, held

        wanted = columns(packed, sources)
        return ResidentLoad(wanted, held(wanted, device if self.memory == "device" else None), packed.keys)
