"""The axes of a grid: what varies, and the cells that their product makes.

An axis is a list of values for the setting of its name, or a mapping from the
label that tables show to the settings that the label stands for::

    axes:
      objective: [vicreg, ntxent]
      pair:
        asymmetric: {views: [he, panck]}
        symmetric: {views: [he, he]}
      seed: [0, 1, 2]
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.config.merge import with_value
from harness.errors import ConfigError, did_you_mean


@dataclass(frozen=True)
class Axis:
    """One thing that varies.

    Attributes:
        name: As the tables show it.
        settings: For each label, dotted settings to lay over the base.
    """

    name: str
    settings: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Cell:
    """One point of the product.

    Attributes:
        labels: The label on each axis, by the axis's name.
        settings: The base with those labels' settings laid over.
    """

    labels: Mapping[str, str]
    settings: Mapping[str, Any]


def read_axis(name: str, values: Any) -> Axis:
    """An axis from its YAML form.

    Raises:
        ConfigError: No values, a label that stands twice, or settings that are no mapping.
    """
    if isinstance(values, Mapping) and values:
        return Axis(name, {label: _settings(name, label, patch) for label, patch in values.items()})
    if not isinstance(values, list) or not values:
        raise ConfigError(
            f"axis {name!r} has no values, but {values!r}",
            where=f"axes.{name}",
            legal="a list of values, or a mapping from labels to settings",
        )
    labels = [label_of(value) for value in values]
    for label in labels:
        if labels.count(label) > 1:
            raise ConfigError(
                f"axis {name!r} has the value {label!r} twice, which makes every run of it a duplicate",
                where=f"axes.{name}",
                mend="remove one",
            )
    return Axis(name, {label: {name: value} for label, value in zip(labels, values, strict=True)})


def _settings(name: str, label: str, patch: Any) -> Mapping[str, Any]:
    if patch is None:
        return {}
    if not isinstance(patch, Mapping):
        raise ConfigError(
            f"label {label!r} of axis {name!r} stands for {patch!r}",
            where=f"axes.{name}.{label}",
            legal="a mapping of settings, as in {views: [he, he]}, or nothing",
        )
    return patch


def label_of(value: Any) -> str:
    """How a value is shown: yes and no for truth, a component by its name, anything else as it is written."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping) and "name" in value:
        rest = [f"{key}={label_of(item)}" for key, item in value.items() if key != "name"]
        return " ".join([str(value["name"]), *rest])
    return str(value)


def product(base: Mapping[str, Any], axes: Sequence[Axis]) -> Iterator[Cell]:
    """Every cell, the last axis running fastest."""
    for labels in itertools.product(*(axis.settings for axis in axes)):
        yield cell(base, axes, dict(zip((axis.name for axis in axes), labels, strict=True)))


def cell(base: Mapping[str, Any], axes: Sequence[Axis], labels: Mapping[str, str]) -> Cell:
    """The cell of the given labels, one of each axis."""
    settings = dict(base)
    for axis in axes:
        for dotted, value in axis.settings[labels[axis.name]].items():
            settings = with_value(settings, dotted, value)
    return Cell(labels, settings)


def check_labels(labels: Mapping[str, Any], axes: Sequence[Axis], where: str) -> dict[str, str]:
    """Labels as a grid file's `include` and `exclude` give them.

    Raises:
        ConfigError: An axis or label that the grid does not have.
    """
    known = {axis.name: axis for axis in axes}
    return {name: _known_label(known, name, value, where) for name, value in labels.items()}


def _known_label(known: Mapping[str, Axis], name: str, value: Any, where: str) -> str:
    if name not in known:
        raise ConfigError(f"there is no axis {name!r}", where=where, legal=known, mend=did_you_mean(name, known))
    label = label_of(value)
    legal = known[name].settings
    if label not in legal:
        raise ConfigError(
            f"axis {name!r} has no value {label!r}", where=where, legal=legal, mend=did_you_mean(label, legal)
        )
    return label
