"""What a person reads when a setting is wrong: the value, where it stands, what is legal, what to do."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import model_validator

from harness.config.base import Config
from harness.config.read import read
from harness.errors import ConfigError
from support.components import Circle, Drawing, Shape

CATALOGUE = "circle, disc, frame, square"


@pytest.fixture(autouse=True)
def _nothing_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.config.family._announced", tuple)


def message(settings: Any, kind: type[Config] = Drawing) -> str:
    with pytest.raises(ConfigError) as caught:
        read(kind, settings, "grid.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"shape": "circle", "titel": "x"},
            "unknown key 'titel'\n  where: grid.yaml\n"
            "  legal: notes, others, place, shape, sizes, title\n  mend: did you mean 'title'?",
        ),
        (
            {"shape": "circle", "title": 3},
            "'title': should be a valid string, but it is 3\n  where: grid.yaml: title",
        ),
        ({}, "'shape' is missing\n  where: grid.yaml\n  mend: add 'shape'"),
        (
            {"shape": "cirle"},
            f"unknown shape 'cirle'\n  where: grid.yaml: shape\n  legal: {CATALOGUE}\n  mend: did you mean 'circle'?",
        ),
        (
            {"shape": {"name": ["circle"]}},
            f"unknown shape '['circle']'\n  where: grid.yaml: shape\n  legal: {CATALOGUE}\n"
            "  mend: did you mean 'circle'?",
        ),
        (
            {"shape": {"radius": 1.0}},
            "{'radius': 1.0} names no shape\n  where: grid.yaml: shape\n"
            f"  legal: {CATALOGUE}\n  mend: give a name, or a mapping with 'name' and its settings",
        ),
        (
            {"shape": {"name": "circle", "radius": "1"}},
            "'shape.radius': should be a valid number, but it is '1'\n  where: grid.yaml: shape.radius",
        ),
        (
            {"shape": {"name": "circle", "radius": float("nan")}},
            "'shape.radius': should be a finite number, but it is nan\n  where: grid.yaml: shape.radius",
        ),
        (
            {"shape": {"name": "square"}},
            "'shape.side' is missing\n  where: grid.yaml: shape\n  mend: add 'side'",
        ),
        (
            {"shape": "circle", "others": ["circle", {"name": "frame", "inner": {"name": "circle", "size": 1}}]},
            "unknown key 'size'\n  where: grid.yaml: others.1.inner\n"
            "  legal: colour, radius, thickness",
        ),
        (
            {"shape": "circle", "sizes": [[1, 2], [3, "4"]]},
            "'sizes.1.1': should be a valid integer, but it is '4'\n  where: grid.yaml: sizes.1.1",
        ),
    ],
)  # fmt: skip
def test_one_wrong_setting(settings: dict[str, Any], expected: str) -> None:
    assert message(settings) == expected


def test_several_wrong_settings_are_all_told() -> None:
    assert message({"title": 3, "shape": {"name": "circle", "radius": "1"}, "place": None}) == (
        "3 settings are wrong\n"
        "'title': should be a valid string, but it is 3\n  where: title\n"
        "'shape.radius': should be a valid number, but it is '1'\n  where: shape.radius\n"
        "'place': should be a valid string, but it is None\n  where: place\n"
        "  where: grid.yaml"
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("triangle", f"unknown shape 'triangle'\n  where: grid.yaml\n  legal: {CATALOGUE}"),
        ({"name": "square", "side": 1.5}, "'side': should be a valid integer, but it is 1.5\n  where: grid.yaml: side"),
        (7, f"7 names no shape\n  where: grid.yaml\n  legal: {CATALOGUE}\n"
            "  mend: give a name, or a mapping with 'name' and its settings"),
    ],
)  # fmt: skip
def test_a_family_read_by_itself(settings: Any, expected: str) -> None:
    assert message(settings, Shape) == expected


def test_what_is_no_mapping_is_refused() -> None:
    assert "should be a valid dictionary" in message(["circle"], Circle)


class Range(Config):
    low: int = 0
    high: int = 1

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.low == 7:
            raise ConfigError("seven is no low", where="low", legal="others")
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self


class Ranges(Config):
    first: Range


def test_an_error_of_a_configs_own_check_is_told_with_its_place() -> None:
    assert message({"first": {"low": 2}}, Ranges).startswith("'first': low 2 is above high 1")
    assert (
        message({"first": {"low": 7, "high": 9}}, Ranges) == "seven is no low\n  where: grid.yaml: low\n  legal: others"
    )


def test_what_is_right_is_read() -> None:
    drawing = read(Drawing, {"shape": "circle:2", "sizes": [[1], []], "notes": {"a": 1, "b": None}}, "grid.yaml")
    assert drawing == Drawing(shape=Circle(radius=2.0), sizes=((1,), ()), notes={"a": 1.0, "b": None})
    assert read(Shape, "circle:2", "grid.yaml") == Circle(radius=2.0)
