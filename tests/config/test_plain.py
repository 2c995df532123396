"""From configs to plain data and back, and what of them is hashed."""

from __future__ import annotations

import json
import random
from typing import Annotated, Any

import pytest

from harness.config.base import Config, Since
from harness.config.identity import short_id
from harness.config.plain import identity, to_plain
from harness.config.read import read
from harness.config.yaml import dump, parse
from support.components import Circle, Disc, Drawing, Frame, Shape, Square


@pytest.fixture(autouse=True)
def _nothing_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.config.family._announced", tuple)


def id_of(config: Config) -> str:
    return short_id(identity(config))


def made_up(draw: random.Random, depth: int = 3) -> Shape:
    kind = draw.choice(["circle", "disc", "square"] + ["frame"] * 3 * bool(depth))
    if kind == "frame":
        return Frame(inner=made_up(draw, depth - 1))
    if kind == "square":
        return Square(side=draw.randrange(9), rounded=draw.random() < 0.5)
    member: Any = Circle if kind == "circle" else Disc
    return member(radius=draw.random(), colour=draw.choice(["red", "no", "1e-3"]), thickness=float(draw.randrange(2)))


def test_plain_data_reads_back_as_the_config_through_json_and_yaml() -> None:
    draw = random.Random(0)
    for _ in range(100):
        drawing = Drawing(title="no", shape=made_up(draw), others=(made_up(draw), made_up(draw)), sizes=((1,), (2, 3)))
        plain = to_plain(drawing)
        assert read(Drawing, json.loads(json.dumps(plain)), "json") == drawing
        assert read(Drawing, parse(dump(plain), "yaml"), "yaml") == drawing


def test_plain_data_keeps_everything_and_names_components() -> None:
    assert to_plain(Frame(inner=Circle(colour="blue"))) == {
        "name": "frame", "inner": {"name": "circle", "radius": 1.0, "colour": "blue", "thickness": 0.0},
    }  # fmt: skip


def test_placement_is_no_part_of_an_id_at_any_depth() -> None:
    """Marked by the class or by an instance of it."""
    one = Drawing(shape=Frame(inner=Circle(colour="blue")), others=(Disc(colour="blue"),), place="there")
    other = Drawing(shape=Frame(inner=Circle(colour="red")), others=(Disc(colour="red"),), place="here")
    assert identity(one) == identity(other)
    assert "blue" not in str(identity(one))


def test_the_name_and_revision_are_part_of_an_id() -> None:
    assert identity(Square(side=2)) == {"name": "square", "revision": 3, "side": 2, "rounded": False}


def test_components_of_equal_fields_have_different_ids() -> None:
    assert id_of(Circle()) != id_of(Disc())
    assert id_of(Drawing(shape=Circle())) != id_of(Drawing(shape=Disc()))


def test_a_raised_revision_makes_another_id_wherever_the_component_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    configs = [Circle(), Frame(), Drawing(shape=Square(side=1), others=(Circle(),))]
    before = [id_of(config) for config in configs]
    monkeypatch.setattr(Circle, "revision", 2)
    assert all(now != then for now, then in zip(map(id_of, configs), before, strict=True))


def test_a_late_field_stays_out_of_the_id_at_the_value_that_means_as_before() -> None:
    assert identity(Circle()) == {"name": "circle", "revision": 1, "radius": 1.0}
    assert identity(Circle(thickness=0.5)) == {"name": "circle", "revision": 1, "radius": 1.0, "thickness": 0.5}


class Late(Config):
    """The value that means "as before" need not be the default."""

    size: int = 1
    mode: Annotated[str, Since("old")] = "new"


def test_a_late_field_whose_default_is_new_makes_another_id() -> None:
    assert id_of(Late()) != id_of(Late(mode="old")) == short_id({"size": 1})


def test_however_a_config_is_written_it_has_one_id() -> None:
    written: list[Any] = ["circle", "circle:1", {"name": "circle"}, {"name": "circle", "radius": 1}, Circle()]
    assert len({id_of(Drawing(shape=value)) for value in written}) == 1


def test_what_is_not_plain_is_a_mistake_of_ours() -> None:
    with pytest.raises(AssertionError, match="not plain data"):
        to_plain(object())
