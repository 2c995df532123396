"""Ids: the same on every machine, and different for whatever could differ."""

from __future__ import annotations

import random
from typing import Any

import pytest

from harness.config.identity import ID_LENGTH, canonical, differences, digest, short_id

PLAIN = {"name": "vicreg", "revision": 1, "eps": 1e-4, "views": ["he", "panck"], "seed": 0, "shared": False, "w": None}


def test_a_golden_id() -> None:
    """Every store in existence is keyed by this, and `sha256sum` of the same text agrees: it may never change."""
    assert canonical(PLAIN) == (
        '{"eps":0.0001,"name":"vicreg","revision":1,"seed":0,"shared":false,"views":["he","panck"],"w":null}'
    )
    assert short_id(PLAIN) == "4f7556eb72ba"
    assert short_id({"\u00e9": "\u03c3"}) == "72f6ecf13c1a"


def made_up(draw: random.Random, depth: int) -> Any:
    if depth and draw.random() < 0.7:
        if draw.random() < 0.5:
            return [made_up(draw, depth - 1) for _ in range(draw.randrange(1, 4))]
        return {key: made_up(draw, depth - 1) for key in draw.sample("abcdef", draw.randrange(1, 5))}
    return draw.choice([draw.gauss(0, 1), draw.randrange(100), str(draw.random()), True, None])


def shuffled(draw: random.Random, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(draw, value[key]) for key in draw.sample(list(value), len(value))}
    return [shuffled(draw, item) for item in value] if isinstance(value, list) else value


def with_one_leaf_changed(draw: random.Random, value: Any) -> Any:
    if isinstance(value, dict):
        key = draw.choice(list(value))
        return value | {key: with_one_leaf_changed(draw, value[key])}
    if isinstance(value, list):
        index = draw.randrange(len(value))
        return [*value[:index], with_one_leaf_changed(draw, value[index]), *value[index + 1 :]]
    return f"not {value}"


def test_an_id_hangs_on_every_leaf_and_not_on_the_order_of_keys() -> None:
    draw = random.Random(0)
    for _ in range(300):
        value = made_up(draw, 4)
        assert short_id(shuffled(draw, value)) == short_id(value)
        assert short_id(with_one_leaf_changed(draw, value)) != short_id(value)
        assert len(short_id(value)) == ID_LENGTH
        assert digest(value).startswith(short_id(value))


def test_what_is_written_alike_is_told_apart() -> None:
    values = [1, 1.0, "1", True, None, "null", [], {}, "", [1], [[1]], {"1": 1}, 0, False, -1]
    assert len({short_id(value) for value in values}) == len(values)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_finite_number_has_no_id(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        short_id({"lr": value})


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (PLAIN, PLAIN, []),
        ({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}}, ["b.c: 2 > 3"]),
        ({"a": 1}, {"b": None}, ["a: 1 > (absent)", "b: (absent) > null"]),
        ({"views": ["he", "he"]}, {"views": ["he", "panck"]}, ['views.1: "he" > "panck"']),
        ({"views": ["he"]}, {"views": ["he", "he"]}, ['views: ["he"] > ["he", "he"]']),
        ({"a": {"b": 1}}, {"a": 1}, ['a: {"b": 1} > 1']),
        ({"b": 1, "a": 2}, {"b": 2, "a": 1}, ["a: 2 > 1", "b: 1 > 2"]),
        (1, 2, [": 1 > 2"]),
    ],
)
def test_differences(old: Any, new: Any, lines: list[str]) -> None:
    assert list(differences(old, new)) == lines


def test_equal_ids_and_no_differences_are_the_same_thing() -> None:
    draw = random.Random(1)
    for _ in range(200):
        value = made_up(draw, 3)
        assert list(differences(value, shuffled(draw, value))) == []
        changed = with_one_leaf_changed(draw, value)
        assert len(list(differences(value, changed))) == 1
