"""Configs are frozen, strict about types, and closed."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from harness.config.base import Config
from support.components import Circle, Drawing, Square


class Numbers(Config):
    whole: int = 0
    real: float = 0.0
    truth: bool = False
    word: str = ""
    maybe: int | None = None
    nested: tuple[tuple[int, ...], ...] = ()


def test_a_config_cannot_be_changed() -> None:
    config = Numbers()
    with pytest.raises(ValidationError, match="frozen"):
        config.whole = 1  # type: ignore[misc]
    assert hash(config) == hash(Numbers())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("whole", "3"), ("whole", True), ("whole", 3.0), ("whole", None),
        ("real", "3"), ("real", False), ("real", float("nan")), ("real", float("inf")),
        ("truth", 1), ("truth", "yes"), ("word", 3), ("maybe", "1"), ("nested", ((1.5,),)), ("nested", 1),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        Numbers.model_validate({field: value})


def test_an_integer_is_a_number() -> None:
    real = Numbers(real=3).real
    assert (real, type(real)) == (3.0, float)


def test_lists_become_tuples_at_any_depth() -> None:
    assert Numbers(nested=[[1, 2], [], [3]]).nested == ((1, 2), (), (3,))  # type: ignore[arg-type]


def test_an_unknown_key_names_the_known_ones_and_the_nearest() -> None:
    with pytest.raises(ValidationError) as caught:
        Numbers.model_validate({"whle": 1})
    detail = caught.value.errors()[0]
    assert detail["type"] == "unknown_key"
    assert detail["msg"] == "unknown key 'whle'"
    assert detail["ctx"]["legal"] == "maybe, nested, real, truth, whole, word"
    assert detail["ctx"]["mend"] == "did you mean 'whole'?"


def test_a_default_is_held_to_its_type() -> None:
    class Wrong(Config):
        whole: int = "three"  # type: ignore[assignment]

    with pytest.raises(ValidationError, match="valid integer"):
        Wrong()


def test_configs_are_equal_by_value_and_kind() -> None:
    assert Circle(radius=2.0) == Circle(radius=2)
    assert Circle() != Drawing(shape=Circle())
    assert Square(side=1) != Square(side=2)
