"""Who is who: the region, split, tissue and id of every patch, before a pixel is drawn.

Patches go round the regions, and within a region every three in a row hold the
three tissues in an order of their own. So each region is balanced, and neither a
region, nor an id, nor a place in the manifest tells the tissue.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.data.synthetic.spec import TISSUES, SampleSpec
from harness.data.synthetic.streams import Purpose, stream


@dataclass(frozen=True)
class Row:
    """One patch of the set.

    Attributes:
        region: Number of its region.
        place: Its number within the region.
        split: ``train`` or ``test``.
        tissue: Index into `TISSUES`.
    """

    region: int
    place: int
    split: str
    tissue: int

    @property
    def id(self) -> str:
        """The patch's id, which names its region and place and nothing else."""
        return f"{self.group}-{self.place:04d}"

    @property
    def group(self) -> str:
        """The group that the patch belongs to."""
        return f"r{self.region:03d}"


def rows_of(spec: SampleSpec) -> list[Row]:
    """Every patch of the set, in the order of the manifest."""
    tested = _test_regions(spec)
    return [_row(spec, tested, *reversed(divmod(number, spec.regions))) for number in range(spec.patches)]


def _row(spec: SampleSpec, tested: frozenset[int], region: int, place: int) -> Row:
    block, slot = divmod(place, len(TISSUES))
    order = stream(spec.seed, Purpose.CLASSES, region, block).permutation(len(TISSUES))
    return Row(region, place, "test" if region in tested else "train", int(order[slot]))


def _test_regions(spec: SampleSpec) -> frozenset[int]:
    """At least one region on each side."""
    count = min(max(1, round(spec.test_share * spec.regions)), spec.regions - 1)
    order = stream(spec.seed, Purpose.SPLIT).permutation(spec.regions)
    return frozenset(int(region) for region in order[:count])
