"""Figures: pictures that open, the same for the same input, with names taken as text."""

from __future__ import annotations

from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from harness.report.figures import Curve, loss_curves, sample_sheet


def curves(panels: tuple[str, ...] = ("loss", "variance"), names: tuple[str, ...] = ("signal", "null")) -> list[Curve]:
    steps = list(range(0, 100, 10))
    return [
        Curve(panel, name, seed, steps, [1 / (1 + step / 50) + seed / 10 for step in steps])
        for panel in panels
        for name in names
        for seed in range(2)
    ]


def test_loss_curves_are_a_picture_and_the_same_each_time() -> None:
    svg = loss_curves(curves())
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert loss_curves(curves()) == svg
    assert Image.open(BytesIO(loss_curves(curves(), "png"))).format == "PNG"


def test_there_is_a_line_for_each_seed_in_the_colour_of_its_name() -> None:
    svg = loss_curves(curves(panels=("loss",))).decode()
    assert [svg.count(f"stroke: {colour}; stroke-opacity: 0.75") for colour in ("#1f5c7a", "#c2642d")] == [2, 2]


@pytest.mark.parametrize("count", [1, 2, 4, 5, 7])
def test_any_number_of_panels_is_drawn(count: int) -> None:
    svg = loss_curves(curves(panels=tuple(f"term{at}" for at in range(count)), names=("a",))).decode()
    assert svg.count('id="axes_') == count + (-count % 3 if count > 4 else 0)


def test_names_are_text_and_never_mathematics_or_hidden() -> None:
    strange = curves(panels=("$\\frac{$ <b>", "_b"), names=("_hidden", "$x$ & \\y"))
    assert ElementTree.fromstring(loss_curves(strange)) is not None
    named = loss_curves(curves(names=("_hidden",)))
    assert len(named) > len(loss_curves(curves(names=(" ",))))


def test_a_sheet_shows_every_view_of_every_sample() -> None:
    colour = np.full((16, 16, 3), (200, 30, 30), np.uint8)
    grey = np.full((16, 16), 128, np.uint8)
    rows = [("a", [colour, grey]), ("b_$", [colour, grey[..., None]])]
    sheet = Image.open(BytesIO(sample_sheet(("he", "panck"), rows)))
    assert sheet.format == "PNG"
    pixels = np.asarray(sheet.convert("RGBA")).reshape(-1, 4)
    red = (np.abs(pixels[:, :3].astype(int) - (200, 30, 30)).max(axis=1) <= 1) & (pixels[:, 3] == 255)
    same = (np.abs(pixels[:, :3].astype(int) - 128).max(axis=1) <= 1) & (pixels[:, 3] == 255)
    assert red.sum() > 20_000
    assert same.sum() == pytest.approx(red.sum(), rel=0.05)
    assert sample_sheet(("he", "panck"), rows) == sample_sheet(("he", "panck"), rows)
