"""A component is one file, found by itself."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

from harness.config import family as module
from harness.config.family import Family
from harness.config.read import read
from harness.errors import ConfigError
from support.components import Circle, Disc, Drawing, Frame, Shape, Square

NUMBER = itertools.count()


@pytest.fixture(autouse=True)
def _nothing_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_announced", tuple)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An importable package, empty and of a name of its own."""
    folder = tmp_path / f"made_up_{next(NUMBER)}"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def test_being_defined_is_being_registered() -> None:
    assert Shape.catalogue() == {"circle": Circle, "disc": Disc, "frame": Frame, "square": Square}
    assert list(Shape.catalogue()) == sorted(Shape.catalogue())
    assert Circle.name == "circle"
    assert Shape.is_root()
    assert not Circle.is_root()


def test_families_do_not_mix() -> None:
    class Sound(Family):
        pass

    class Bell(Sound, name="circle"):
        pass

    assert Sound.catalogue() == {"circle": Bell}
    assert Shape.catalogue()["circle"] is Circle


def test_a_base_without_a_name_is_no_member_and_hands_its_fields_on() -> None:
    class Sound(Family):
        pass

    class Loud(Sound):
        volume: int = 11

    class Horn(Loud, name="horn"):
        pass

    assert Sound.catalogue() == {"horn": Horn}
    assert Horn().volume == 11


def test_two_members_of_one_name_are_a_mistake_of_ours() -> None:
    class Sound(Family):
        pass

    class Bell(Sound, name="bell"):
        pass

    with pytest.raises(AssertionError, match="two components are named 'bell'"):
        type("Other", (Sound,), {"__module__": "elsewhere", "__qualname__": "Other"}, name="bell")


def test_a_package_is_scanned_for_members(package: Path) -> None:
    name = package.name
    (package / "__init__.py").write_text(
        f"from harness.config.family import Family\nclass Sound(Family, package={name!r}): pass\n"
    )
    member = f"from {name} import Sound\nclass One(Sound, name={{!r}}): pass\n"
    (package / "bell.py").write_text(member.format("bell"))
    (package / "_private.py").write_text(member.format("private"))
    (package / "parts").mkdir()
    (package / "parts" / "__init__.py").write_text(member.format("part"))
    family = getattr(__import__(name), "Sound")  # noqa: B009
    assert list(family.catalogue()) == ["bell"]
    assert f"{name}._private" not in sys.modules


def test_announced_packages_are_scanned_for_members_of_any_family(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Sound(Family):
        pass

    monkeypatch.setattr(sys.modules[__name__], "Announced", Sound, raising=False)
    (package / "whistle.py").write_text(
        f"import sys\nclass Whistle(sys.modules[{__name__!r}].Announced, name='whistle'): pass\n"
    )
    monkeypatch.setattr(module, "_announced", lambda: (package.name,))
    assert list(Sound.catalogue()) == ["whistle"]


def test_a_member_comes_from_itself_a_mapping_or_a_word() -> None:
    circle = Circle(radius=2.0)
    assert Shape.parse(circle) is circle
    assert Shape.parse({"name": "circle", "radius": 2.0}) == circle
    assert Shape.parse("circle:2") == circle
    assert Drawing(shape="circle", others=["circle:3", {"name": "square", "side": 1}]).others == (  # type: ignore[arg-type, list-item]
        Circle(radius=3.0),
        Square(side=1),
    )


def test_a_field_of_one_member_takes_no_other() -> None:
    with pytest.raises(ConfigError, match="unknown key 'side'"):
        read(Circle, {"side": 1}, "here")


def test_a_mapping_is_not_emptied_by_being_read() -> None:
    settings = {"name": "frame", "inner": {"name": "circle", "radius": 2.0}}
    Shape.parse(settings)
    assert settings == {"name": "frame", "inner": {"name": "circle", "radius": 2.0}}
