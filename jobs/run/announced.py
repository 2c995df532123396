"""What a run says of itself at its start: the objective's formula, its protocol, and every resolved choice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.config.plain import to_plain
from harness.grid.stage import Stage
from harness.objectives import Objective
from harness.translation import Loss
from jobs.protocol import departures
from jobs.training import Training


def announce(stage: Stage, key: str) -> str:
    """The text, one choice a line, which goes to the attempt's log.

    Args:
        stage: The settings, as they are stored in the run's config.json.
        key: The run's key.
    """
    choices = [f"  {place}: {value}" for place, value in leaves(to_plain(stage))]
    return "\n".join([key, *_formula(stage), *_protocol(stage), "all settings", *choices])


def _protocol(stage: Stage) -> list[str]:
    """The protocol of a training, and in what it is another."""
    if not isinstance(stage, Training):
        return []
    changed = [f"  {place}: {found} (the protocol has {wanted})" for place, found, wanted in departures(stage)]
    return [f"protocol {stage.protocol}{', but for' if changed else ''}", *changed]


def _formula(stage: Stage) -> list[str]:
    """What is minimised, by the stage's objective or by its loss between images."""
    objective, loss = getattr(stage, "objective", None), getattr(stage, "loss", None)
    if isinstance(objective, Objective):
        return [f"objective {objective.name}: {objective.stated()}"]
    return [f"loss {loss.name}: {loss.formula}"] if isinstance(loss, Loss) else []


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested plain data, each with its dotted path."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, f"{place}.{key}" if place else key)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for number, item in enumerate(value):
            yield from leaves(item, f"{place}.{number}")
    else:
        yield place, value
