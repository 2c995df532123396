"""Figures: how the objectives went down, and what the pairs look like. matplotlib is imported when one is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#1f5c7a", "#c2642d", "#4c7a3f", "#8a4a7d", "#8a6d1a", "#555b61", "#3d8f8a", "#a4343a")
SIDE = 1.2
"""The side of a sample's picture on the sheet, in inches."""

INK, SOFT, LINE = "#1d1f21", "#63686d", "#d9d6cf"
STYLE = {
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.facecolor": "none",
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "svg.hashsalt": "harness",
    "svg.fonttype": "path",
}


@dataclass(frozen=True)
class Curve:
    """One run's course of one quantity.

    Attributes:
        panel: The panel that it belongs to: a term of an objective, or an objective.
        name: What the line stands for; lines of one name share a colour and stand once in the legend.
        seed: The run's seed.
        steps: Optimiser steps.
        values: The quantity at these steps.
    """

    panel: str
    name: str
    seed: int
    steps: Sequence[int]
    values: Sequence[float]


def loss_curves(curves: Sequence[Curve], kind: str = "svg") -> bytes:
    """The curves, a panel for each quantity, a colour for each name, a thin line for each seed.

    Args:
        curves: What to draw; one at least.
        kind: "svg" or "png".

    Returns:
        The picture; the same bytes for the same curves.
    """
    panels = list(dict.fromkeys(curve.panel for curve in curves))
    colours = {name: COLOURS[at % len(COLOURS)] for at, name in enumerate(dict.fromkeys(each.name for each in curves))}
    wide = 2 if len(panels) == 4 else min(3, len(panels))
    tall = -(-len(panels) // wide)
    figure, axes = _figure(tall, wide, (9.4 * wide / max(wide, 2), 2.4 * tall + 0.4))
    for axis, panel in zip(axes, panels, strict=False):
        _panel(axis, panel, [curve for curve in curves if curve.panel == panel], colours)
    for axis in axes[len(panels) :]:
        axis.set_axis_off()
    handles = [_handle(name, colour) for name, colour in colours.items()]
    figure.legend(handles=handles, loc="outside upper left", ncols=min(5, len(handles)), frameon=False, labelcolor=INK)
    return _saved(figure, kind)


def sample_sheet(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[NDArray[np.uint8]]]]) -> bytes:
    """Samples side by side, a row for each, a column for each view.

    Args:
        columns: The names of the views.
        rows: Each sample's name and its images, uint8, H x W, H x W x 1 or H x W x 3, one for each view.

    Returns:
        A PNG.
    """
    figure, axes = _figure(len(rows), len(columns), (SIDE * len(columns) + 0.9, SIDE * len(rows) + 0.3), compress=True)
    for at, (name, images) in enumerate(rows):
        for across, image in enumerate(images):
            axis = axes[at * len(columns) + across]
            _picture(axis, image)
            axis.set_title(columns[across] if at == 0 else "", fontsize=9, color=INK, parse_math=False)
            if across == 0:
                axis.set_ylabel(name, rotation=0, ha="right", va="center", color=SOFT, fontsize=8, parse_math=False)
    return _saved(figure, "png")


def _figure(tall: int, wide: int, inches: tuple[float, float], compress: bool = False) -> tuple[Figure, list[Axes]]:
    """An empty figure of panels in rows, drawn without a display."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with mpl.rc_context(STYLE):
        engine = ConstrainedLayoutEngine(w_pad=0.03, h_pad=0.03, wspace=0.02, hspace=0.02, compress=compress)
        figure = Figure(figsize=inches, layout=engine, facecolor="none")
        FigureCanvasAgg(figure)
        return figure, list(figure.subplots(tall, wide, squeeze=False).ravel())


def _panel(axis: Axes, panel: str, curves: Sequence[Curve], colours: dict[str, str]) -> None:
    for curve in curves:
        axis.plot(curve.steps, curve.values, color=colours[curve.name], linewidth=0.8, alpha=0.75)
    axis.set_title(panel, loc="left", fontsize=9, color=INK, parse_math=False)
    axis.set_xlabel("step")
    axis.grid(axis="y", color=LINE, linewidth=0.5)
    axis.set_axisbelow(True)


def _handle(name: str, colour: str) -> Any:
    """A legend's entry; a name is never read as mathematics or as one to leave out."""
    from matplotlib.lines import Line2D

    return Line2D([], [], color=colour, linewidth=1.6, label=name.replace("$", r"\$"))


def _picture(axis: Axes, image: NDArray[np.uint8]) -> None:
    flat = image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image
    axis.imshow(flat, cmap="gray" if flat.ndim == 2 else None, vmin=0, vmax=255, interpolation="nearest")
    axis.set_xticks([])
    axis.set_yticks([])
    for side in axis.spines.values():
        side.set_visible(False)


def _saved(figure: Figure, kind: str) -> bytes:
    """The figure's bytes, without the date and version that would make them differ from run to run."""
    import matplotlib as mpl

    out, bare = BytesIO(), {"Date": None} if kind == "svg" else {"Software": None}
    with mpl.rc_context(STYLE):
        figure.savefig(out, format=kind, dpi=160, bbox_inches="tight", pad_inches=0.02, metadata=bare)
    return out.getvalue()
