"""A made-up family of components, for tests of configurations that must not change with the real ones."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from harness.config.base import Config, Placement, Since
from harness.config.family import Family


class Shape(Family):
    """A family with a short form: `circle:2` is a circle of radius 2."""

    @classmethod
    def from_text(cls, text: str) -> dict[str, Any]:
        name, colon, radius = text.partition(":")
        return {"name": name, "radius": float(radius)} if colon else {"name": name}


class Circle(Shape, name="circle"):
    radius: float = 1.0
    colour: Annotated[str, Placement()] = "red"
    thickness: Annotated[float, Since(0.0)] = 0.0


class Disc(Shape, name="disc"):
    """Of the same fields as the circle."""

    radius: float = 1.0
    colour: Annotated[str, Placement] = "red"
    thickness: Annotated[float, Since(0.0)] = 0.0


class Square(Shape, name="square"):
    revision: ClassVar[int] = 3
    side: int
    rounded: bool = False


class Frame(Shape, name="frame"):
    inner: Shape = Circle()


class Drawing(Config):
    """A config that holds components, alone and in a list."""

    title: str = ""
    shape: Shape
    others: tuple[Shape, ...] = ()
    sizes: tuple[tuple[int, ...], ...] = ()
    notes: dict[str, float | None] = {}
    place: Annotated[str, Placement()] = "here"
