"""What segmentation tools write, one function a format: a file's text to the nuclei in it.

hovernet     the JSON file a tile that the HoVer-Net repository writes: under `nuc`, for each
             nucleus its `contour` and `type`
tiatoolbox   the GeoJSON that TIAToolbox writes with `output_type="qupath"`: a feature a
             nucleus, a polygon with its type by name or number
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from harness.data.nuclei import TYPES
from harness.data.nuclei.outlines import Nucleus
from harness.errors import DataError, did_you_mean

CORNERS = 3


def read_hovernet(text: str, where: str) -> list[Nucleus]:
    """The nuclei of a file of the HoVer-Net repository's.

    Raises:
        DataError: It is another kind of file, or names a type that PanNuke does not have.
    """
    return [_nucleus(item["type"], item["contour"], where) for item in _listed(text, where, "nuc").values()]


def read_tiatoolbox(text: str, where: str) -> list[Nucleus]:
    """The nuclei of a GeoJSON file of TIAToolbox's.

    Raises:
        DataError: It is another kind of file, or names a type that PanNuke does not have.
    """
    features = _listed(text, where, "features")
    return [
        _nucleus(_type_of(item["properties"]), item["geometry"]["coordinates"][0], where)
        for item in features
        if item["geometry"]["type"] == "Polygon"
    ]


FORMATS: Mapping[str, Callable[[str, str], list[Nucleus]]] = {
    "hovernet": read_hovernet,
    "tiatoolbox": read_tiatoolbox,
}


def _listed(text: str, where: str, key: str) -> Any:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise DataError(f"the file is no JSON: {error}", where=where, mend="run the tool again") from error
    if not isinstance(content, dict) or key not in content:
        raise DataError(
            f"the file has no {key!r}", where=where, legal=", ".join(FORMATS), mend="name the format that it is in"
        )
    return content[key]


def _type_of(properties: Mapping[str, Any]) -> Any:
    return properties.get("class_value", properties.get("type"))


def _nucleus(kind: Any, outline: Any, where: str) -> Nucleus:
    corners = np.asarray(outline, dtype=np.float64)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < CORNERS:
        raise DataError(
            f"a nucleus has an outline of shape {corners.shape}",
            where=where,
            legal="three corners (x, y) or more",
            mend="run the tool again",
        )
    return Nucleus(_number_of(kind, where), corners)


def _number_of(kind: Any, where: str) -> int:
    """A type by number or by PanNuke's name, in any case."""
    names = {name.lower(): number for number, name in enumerate(TYPES)}
    number = names.get(kind.lower()) if isinstance(kind, str) else kind
    if not isinstance(number, int) or not 0 <= number < len(TYPES):
        raise DataError(
            f"a nucleus has the type {kind!r}",
            where=where,
            legal=", ".join(f"{number} {name}" for number, name in enumerate(TYPES)),
            mend=did_you_mean(str(kind), TYPES) or "segment with weights that were trained on PanNuke",
        )
    return number
