from __future__ import annotations

import numpy as np
import pytest

from harness.data.synthetic.layout import (
    EPITHELIAL_TOTAL,
    MARGIN,
    NEOPLASTIC_COUNT,
    OTHERS,
    RADII,
    RING,
    Gland,
    Layout,
    Nuclei,
    layout,
)
from harness.data.synthetic.spec import EPITHELIAL, FIELD, NEOPLASTIC, TISSUES


def layouts(tissue: int, count: int = 60) -> list[Layout]:
    return [layout(np.random.default_rng([tissue, seed]), tissue, 0.3) for seed in range(count)]


def number_of(plan: Layout, *kinds: int) -> int:
    return int(np.isin(plan.nuclei.kind, kinds).sum())


def nuclei(*kinds: int) -> Nuclei:
    nowhere = np.zeros((len(kinds), 2))
    return Nuclei(np.array(kinds, dtype=np.int64), nowhere, nowhere, nowhere[:, 0])


@pytest.mark.parametrize(
    ("kinds", "most"), [((5, 1, 5), 5), ((3, 2, 2, 3), 2), ((5, 4, 3, 2, 1), 1), ((4,), 4), ((), 0)]
)
def test_the_most_common_type_counts_nuclei_and_gives_ties_to_the_lowest_id(kinds: tuple[int, ...], most: int) -> None:
    assert nuclei(*kinds).most_common() == most


@pytest.mark.parametrize("tissue", range(len(TISSUES)))
def test_the_tissue_governs_the_neoplastic_nuclei_and_not_their_sum_with_the_look_alikes(tissue: int) -> None:
    plans = layouts(tissue)
    assert {number_of(plan, NEOPLASTIC) for plan in plans} == set(NEOPLASTIC_COUNT[tissue])
    low, high = EPITHELIAL_TOTAL
    assert {number_of(plan, NEOPLASTIC, EPITHELIAL) for plan in plans} == set(range(low, high + 1))


def test_tissues_share_no_number_of_neoplastic_nuclei() -> None:
    ranges = [set(range(low, high + 1)) for low, high in NEOPLASTIC_COUNT]
    assert sum(map(len, ranges)) == len(set.union(*ranges))
    assert max(high for _, high in NEOPLASTIC_COUNT) <= EPITHELIAL_TOTAL[0]


@pytest.mark.parametrize("kind", OTHERS)
def test_further_types_come_in_any_number_whatever_the_tissue(kind: int) -> None:
    means = [np.mean([number_of(plan, kind) for plan in layouts(tissue, 200)]) for tissue in range(len(TISSUES))]
    wanted, deviation = OTHERS[kind] / 2, np.sqrt(((OTHERS[kind] + 1) ** 2 - 1) / 12 / 200)
    assert np.allclose(means, wanted, atol=4 * deviation)


def test_nuclei_stay_within_the_field_and_hardly_overlap() -> None:
    overlaps = []
    for plan in layouts(1):
        centre, size = plan.nuclei.centre, plan.nuclei.radii.mean(axis=1)
        assert centre.min() >= MARGIN
        assert centre.max() <= FIELD - MARGIN
        away, reach = np.linalg.norm(centre[:, None] - centre[None], axis=2), size[:, None] + size[None]
        pairs = np.triu_indices(len(centre), 1)
        overlaps.append((away < 0.5 * reach)[pairs].sum() / len(centre))
    assert np.mean(overlaps) < 0.1


def test_a_gland_has_its_cells_on_a_ring_and_nothing_in_its_opening() -> None:
    glands = [plan for plan in layouts(0) if plan.lumen is not None]
    assert len(glands) > 20
    within, on_ring = 0, []
    for plan in glands:
        assert plan.lumen is not None
        away = np.linalg.norm(plan.nuclei.centre - np.array(plan.lumen[:2]), axis=1)
        within += int((away < plan.lumen[2]).sum())
        on_ring += list(np.abs(away[np.isin(plan.nuclei.kind, (NEOPLASTIC, EPITHELIAL))] - plan.lumen[2] - 5.0))
    assert within == 0
    assert np.median(on_ring) < 1.5


def test_a_ring_without_lumen_is_no_gland() -> None:
    middle = np.array([24.0, 24.0])
    assert Gland(RING, middle, 11.0).lumen == (24.0, 24.0, 6.0)
    assert Gland(RING + 1, middle, 11.0).lumen is None


def test_look_alikes_differ_little_in_size() -> None:
    ratio = np.array(RADII[NEOPLASTIC]) / np.array(RADII[EPITHELIAL])
    assert np.all((ratio > 1.0) & (ratio < 1.2))
