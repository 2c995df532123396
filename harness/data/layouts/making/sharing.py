"""How many patches of each class a set of some size has: in the proportion of a published one."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction


def shared(total: int, counts: Mapping[str, int]) -> dict[str, int]:
    """A total shared out by largest remainder, at least one each; the published total gives the published counts.

    Args:
        total: At least as many as there are names.
        counts: The published number of each.
    """
    assert total >= len(counts)
    exact = {name: Fraction(total * count, sum(counts.values())) for name, count in counts.items()}
    given = {name: max(1, int(share)) for name, share in exact.items()}
    by_need = sorted(counts, key=lambda name: exact[name] - given[name], reverse=True)
    for name in by_need[: max(0, total - sum(given.values()))]:
        given[name] += 1
    while sum(given.values()) > total:
        largest = max(given, key=lambda name: given[name] - exact[name] if given[name] > 1 else Fraction(-1))
        given[largest] -= 1
    return given


def split_sizes(total: int, published: tuple[int, int], least: int) -> tuple[int, int]:
    """A total as training and test patches in the published proportion, at least `least` on each side."""
    test = round(Fraction(total * published[1], sum(published)))
    test = min(max(test, least), total - least)
    return total - test, test
