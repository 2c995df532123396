"""A row of the frame as the metrics and tags of an MLflow run, and back, exactly.

A finite float with a slash in its name is a metric. ``axis.NAME`` is a tag of that name
with the label as it stands, and is left out where it is None. Everything else is a tag
``fact.NAME``: text as it stands unless it would read as JSON, other values as JSON. The
tag ``harness.columns`` has the names, in their order.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from harness.tracking.replica.names import TAG_LIMIT, joined, legal_key, legal_value, spread
from harness.tracking.replica.spec import is_metric

AXIS, FACT, COLUMNS, PREDICTIONS = "axis.", "fact.", "harness.columns", "predictions"
PREDICTIONS_FILE = "predictions.parquet"


def to_tags(row: Mapping[str, Any], measured: bool) -> dict[str, str]:
    """The tags that, with the metrics, hold a row.

    Args:
        row: The row.
        measured: Whether its metrics are logged as such; they are facts otherwise.
    """
    tags = spread(COLUMNS, json.dumps(list(row)))
    for name, value in row.items():
        if measured and is_metric(name, value) and isinstance(value, float) and math.isfinite(value):
            continue
        if name == PREDICTIONS and value is not None:
            value = PREDICTIONS_FILE
        tags |= _tag(name, value)
    return tags


def from_tags(tags: Mapping[str, str], metrics: Mapping[str, float]) -> dict[str, Any]:
    """The row that `to_tags` laid out; in place of the predictions' path stands the artifact's name."""
    return {name: _value(name, tags, metrics) for name in json.loads(joined(COLUMNS, tags))}


def _tag(name: str, value: Any) -> dict[str, str]:
    if name.startswith(AXIS) and value is None:
        return {}
    if name.startswith(AXIS) and isinstance(value, str) and legal_value(value, TAG_LIMIT) == value:
        return {legal_key(name): value}
    return spread(legal_key(FACT + name), _text(value))


def _value(name: str, tags: Mapping[str, str], metrics: Mapping[str, float]) -> Any:
    fact = legal_key(FACT + name)
    if fact in tags:
        return _parsed(joined(fact, tags))
    return tags.get(legal_key(name)) if name.startswith(AXIS) else metrics[legal_key(name)]


def _text(value: Any) -> str:
    plain = isinstance(value, str) and value and legal_value(value, len(value)) == value and _parsed(value) is value
    return value if plain else json.dumps(value.item() if hasattr(value, "item") else value)


def _parsed(text: str) -> Any:
    """What JSON makes of a text; the very text where it is no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return text
