from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from harness.config.read import read
from harness.data.synthetic import TISSUES, SampleSpec
from harness.data.synthetic.rows import rows_of
from harness.errors import ConfigError


def test_regions_stand_on_one_side_and_the_share_is_kept() -> None:
    rows = rows_of(SampleSpec(patches=900, regions=30))
    sides = {row.region: {other.split for other in rows if other.region == row.region} for row in rows}
    assert all(len(found) == 1 for found in sides.values())
    assert Counter(next(iter(found)) for found in sides.values()) == {"train": 20, "test": 10}
    assert Counter(row.split for row in rows) == {"train": 600, "test": 300}


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_neither_side_is_ever_empty(share: float) -> None:
    assert {row.split for row in rows_of(SampleSpec(patches=9, regions=3, test_share=share))} == {"train", "test"}


def test_every_region_holds_every_tissue_and_is_balanced() -> None:
    rows = rows_of(SampleSpec(patches=620, regions=30))
    for region in range(30):
        counts = Counter(row.tissue for row in rows if row.region == region)
        assert set(counts) == set(range(len(TISSUES)))
        assert max(counts.values()) - min(counts.values()) <= 1


def test_neither_id_nor_place_tells_the_tissue() -> None:
    rows = rows_of(SampleSpec(patches=2700, regions=30))
    assert len({row.id for row in rows}) == 2700
    for key in ("region", "place"):
        guess = {getattr(row, key): row.tissue for row in rows}
        right = sum(guess[getattr(row, key)] == row.tissue for row in rows) / 2700
        assert right < 0.4, f"{key} tells the tissue of {right:.2f} of the patches"
    followed = Counter((one.tissue, other.tissue) for one, other in pairwise(rows))
    assert min(followed.values()) > 0.8 * 2700 / 9, "one row hints at the next"


def test_fewer_patches_are_the_beginning_of_more() -> None:
    assert rows_of(SampleSpec(patches=45, regions=5)) == rows_of(SampleSpec(patches=90, regions=5))[:45]


def test_the_seed_moves_tissues_and_splits() -> None:
    one, other = (rows_of(SampleSpec(patches=90, seed=seed)) for seed in (0, 1))
    assert [row.tissue for row in one] != [row.tissue for row in other]
    assert [row.split for row in one] != [row.split for row in other]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"patches": 20, "regions": 7}, ("patches 20", "7 regions", "at least 21")),
        ({"size": 16}, ("'size'", "16", "32")),
        ({"test_share": 1.0}, ("'test_share'", "1.0", "less than 1")),
        ({"patchs": 20}, ("unknown key 'patchs'", "did you mean 'patches'")),
    ],
)
def test_a_spec_that_cannot_be_made_is_refused(settings: dict[str, object], words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        read(SampleSpec, settings, "sample.yaml")
    for word in words:
        assert word in str(caught.value)
