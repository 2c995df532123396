"""The report that a grid leaves behind: one HTML file that opens from disk, on a phone and on paper."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from harness.report.document import document
from harness.report.markup import Markup, tag
from harness.report.model import Table
from harness.report.render import html as parts

MEDIA = {b"\x89PNG": "image/png", b"<?xm": "image/svg+xml", b"<svg": "image/svg+xml"}


@dataclass(frozen=True)
class Picture:
    """A figure of the report.

    Attributes:
        heading: What it shows, as a heading.
        caption: How to read it.
        image: PNG or SVG.
        alt: What it shows, for who cannot see it.
    """

    heading: str
    caption: str
    image: bytes
    alt: str


def page(
    table: Table, about: Sequence[str] = (), pictures: Sequence[Picture] = (), kicker: str = "harness report"
) -> str:
    """The report of one grid.

    Args:
        table: Its table.
        about: What it is, a paragraph each.
        pictures: Loss curves, sample pairs and whatever else there is to see.
        kicker: What stands above the title.
    """
    return document(
        table.title,
        tag("p", kicker, class_="kicker"),
        tag("h1", table.title),
        *(tag("p", text) for text in about),
        tag("h2", "Results"),
        parts.results(table),
        parts.effects(table),
        *(_section(picture) for picture in pictures),
        tag("h2", "Runs"),
        parts.runs(table),
        parts.provenance(table),
    )


def _section(picture: Picture) -> Markup:
    media = MEDIA[picture.image[:4]]
    source = f"data:{media};base64,{b64encode(picture.image).decode()}"
    image = tag("img", src=source, alt=picture.alt, class_="curves" if media == "image/svg+xml" else None)
    shown = tag("figure", tag("div", image, class_="scroll"), tag("figcaption", picture.caption))
    return tag("section", tag("h2", picture.heading), shown)
