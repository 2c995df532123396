"""Settings over settings: key by key, but a component that changes its name takes nothing of the other along."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from harness.config.merge import merged, overridden, with_value
from harness.errors import ConfigError

VICREG = {"name": "vicreg", "weights": {"variance": 25.0, "invariance": 25.0}}


@pytest.mark.parametrize(
    ("base", "over", "expected"),
    [
        ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": 4}}, {"a": 1, "b": {"c": 4, "d": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": None}, {"a": None}),
        ({"a": 1}, {"a": {"b": 2}}, {"a": {"b": 2}}),
        (VICREG, {"weights": {"variance": 1.0}}, VICREG | {"weights": {"variance": 1.0, "invariance": 25.0}}),
        (VICREG, {"name": "vicreg", "eps": 1.0}, VICREG | {"eps": 1.0}),
        (VICREG, {"name": "ntxent"}, {"name": "ntxent"}),
        (VICREG, {"name": "ntxent", "weights": 1}, {"name": "ntxent", "weights": 1}),
        (VICREG, "ntxent", "ntxent"),
        ({"o": VICREG, "seed": 0}, {"o": {"name": "ntxent"}}, {"o": {"name": "ntxent"}, "seed": 0}),
        ({"width": 3}, {"name": "mlp"}, {"width": 3, "name": "mlp"}),
    ],
)  # fmt: skip
def test_merging(base: Any, over: Any, expected: Any) -> None:
    before = copy.deepcopy((base, over))
    assert merged(base, over) == expected
    assert (base, over) == before


def made_up(draw: random.Random, depth: int = 3) -> Any:
    if depth and draw.random() < 0.6:
        return {key: made_up(draw, depth - 1) for key in draw.sample("abcd", draw.randrange(4))}
    return draw.randrange(5)


def test_laws_of_merging() -> None:
    """On settings without components: nothing over x is x, x over x is x, and laying is associative."""
    draw = random.Random(0)
    for _ in range(300):
        one, two, three = ({"top": made_up(draw)} | {"t": made_up(draw)} for _ in range(3))
        assert merged(one, {}) == one == merged({}, one) == merged(one, one)
        assert merged(merged(one, two), three) == merged(one, merged(two, three)) or _a_scalar_came_between(one, two)


def _a_scalar_came_between(one: Any, two: Any) -> bool:
    """A number over a mapping forgets it, so the order of laying then matters, and should."""
    if isinstance(one, dict) and isinstance(two, dict):
        return any(_a_scalar_came_between(one[key], two[key]) for key in one.keys() & two.keys())
    return isinstance(one, dict) != isinstance(two, dict)


@pytest.mark.parametrize(
    ("settings", "dotted", "value", "expected"),
    [
        ({}, "a.b.c", 1, {"a": {"b": {"c": 1}}}),
        ({"a": {"b": 1, "c": 2}}, "a.b", 3, {"a": {"b": 3, "c": 2}}),
        ({"a": {"b": {"c": 1}}}, "a", {"b": {"d": 2}}, {"a": {"b": {"c": 1, "d": 2}}}),
        ({"a": None}, "a.b", 1, {"a": {"b": 1}}),
        ({"views": ["he", "he"]}, "views.1", "panck", {"views": ["he", "panck"]}),
        ({"then": [{"stage": "a", "label": "a"}]}, "then.0.label", "b", {"then": [{"stage": "a", "label": "b"}]}),
        ({"objective": "ntxent"}, "objective.temperature", 0.1, {"objective": {"name": "ntxent", "temperature": 0.1}}),
        ({"objective": VICREG}, "objective", "ntxent", {"objective": "ntxent"}),
        ({"objective": VICREG}, "objective", {"name": "ntxent"}, {"objective": {"name": "ntxent"}}),
        ({"objective": VICREG}, "objective.name", "ntxent", {"objective": {"name": "ntxent"}}),
        ({"objective": VICREG}, "objective.name", "vicreg", {"objective": VICREG}),
        ({"objective": VICREG}, "objective.weights.variance", 1.0,
         {"objective": {"name": "vicreg", "weights": {"variance": 1.0, "invariance": 25.0}}}),
    ],
)  # fmt: skip
def test_a_value_at_a_path(settings: Any, dotted: str, value: Any, expected: Any) -> None:
    before = copy.deepcopy(settings)
    assert with_value(settings, dotted, value) == expected
    assert settings == before


@pytest.mark.parametrize(
    ("settings", "dotted", "expected"),
    [
        ({"a": 1}, "a.b", "'a.b' runs through 1, which has no part 'b'\n  mend: check the path"),
        ({"views": ["he"]}, "views.1", "'views.1' runs through ['he'], which has no part '1'\n  mend: check the path"),
        ({"views": ["he"]}, "views.x", "'views.x' runs through ['he'], which has no part 'x'\n  mend: check the path"),
    ],
)
def test_a_path_through_what_has_no_parts(settings: Any, dotted: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_value(settings, dotted, 2)
    assert str(caught.value) == expected


def test_words_of_the_command_line_are_yaml_and_later_ones_win() -> None:
    words = ["optimiser.lr=1e-3", "views=[he, he]", "views.1=no", "note=a=b", "empty=", "epochs=5", "epochs=6"]
    assert overridden({"epochs": 1, "optimiser": {"lr": 1, "beta": 2}}, words) == {
        "epochs": 6, "optimiser": {"lr": 1e-3, "beta": 2}, "views": ["he", "no"], "note": "a=b", "empty": None,
    }  # fmt: skip


@pytest.mark.parametrize("word", ["epochs", "=5", "--epochs"])
def test_a_word_that_is_no_setting(word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        overridden({}, [word])
    assert str(caught.value) == (
        f"{word!r} is no setting\n  legal: key=value, as in objective=ntxent or data.root=PATH"
    )


def test_a_value_that_is_no_yaml_names_the_word() -> None:
    with pytest.raises(ConfigError, match="this is not valid YAML") as caught:
        overridden({}, ["views=[he"])
    assert "the command line, 'views=[he'" in str(caught.value)
