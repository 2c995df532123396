"""HTML that cannot be injected into: every text is escaped unless it was made here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

ALONE = ("img", "meta", "line", "circle")
"""Elements that hold nothing; the slash closes those of SVG and is allowed on the others."""


class Markup(str):
    """Text that is HTML already; any other string is escaped when it is put into a tag."""

    __slots__ = ()


def tag(name: str, /, *children: str | None, **attributes: str | int | None) -> Markup:
    """An element.

    Args:
        name: Its name.
        *children: What stands in it; plain strings are escaped, None is left out.
        **attributes: Its attributes, escaped; a trailing underscore is dropped (`class_`), an inner one is a
            hyphen, and one that is None is left out.
    """
    known = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    opened = "".join([name, *(f' {key}="{escape(str(value))}"' for key, value in known.items())])
    return Markup(f"<{opened}/>" if name in ALONE else f"<{opened}>{join(*children)}</{name}>")


def join(*children: str | None, between: str = "") -> Markup:
    """Children beside each other; see `tag`."""
    shown = [child if isinstance(child, Markup) else escape(child) for child in children if child is not None]
    return Markup(between.join(shown))


def lines(children: Iterable[Markup]) -> list[Markup]:
    """Children on a line each, so that two versions of a page can be compared."""
    return [join("\n", child) for child in children]
