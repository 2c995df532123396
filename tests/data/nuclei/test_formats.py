"""What the tools write. `tiatoolbox.json` is from a run of TIAToolbox 2.1.3 on a tile, with untrained weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from harness.data.nuclei.formats import read_hovernet, read_tiatoolbox
from harness.errors import DataError

WRITTEN = Path(__file__).with_name("tiatoolbox.json")


def test_what_tiatoolbox_wrote() -> None:
    """Outlines against the boxes and centres that it states beside them."""
    text = WRITTEN.read_text()
    stated = [feature["properties"] for feature in json.loads(text)["features"]]
    found = read_tiatoolbox(text, "here")
    assert [nucleus.type for nucleus in found] == [4, 4]
    for nucleus, about in zip(found, stated, strict=True):
        left, top, right, bottom = about["box"]
        assert np.allclose(nucleus.outline.min(axis=0), (left, top), atol=0.1)
        assert np.allclose(nucleus.outline.max(axis=0), (right - 1, bottom - 1), atol=0.1)
        assert nucleus.outline.min(axis=0)[0] < about["centroid"][0] < nucleus.outline.max(axis=0)[0]


def test_types_by_name_where_there_is_no_number() -> None:
    content = json.loads(WRITTEN.read_text())
    for feature, name in zip(content["features"], ("neoplastic", "Non-Neoplastic Epithelial"), strict=True):
        feature["properties"] = {"type": name}
    assert [nucleus.type for nucleus in read_tiatoolbox(json.dumps(content), "here")] == [1, 5]


def test_what_the_hovernet_repository_writes() -> None:
    outline = [[1, 2], [4, 2], [4, 9]]
    nucleus = {"bbox": [[2, 1], [9, 4]], "centroid": [3.0, 5.0], "contour": outline, "type_prob": 0.9, "type": 2}
    (found,) = read_hovernet(json.dumps({"mag": 40, "nuc": {"7": nucleus}}), "here")
    assert found.type == 2
    assert found.outline.tolist() == outline


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "no JSON"),
        (json.dumps({"features": []}), "no 'nuc'"),
        (json.dumps({"nuc": {"1": {"type": 6, "contour": [[0, 0], [1, 0], [1, 1]]}}}), "the type 6"),
        (json.dumps({"nuc": {"1": {"type": 1, "contour": [[0, 0], [1, 0]]}}}), r"an outline of shape \(2, 2\)"),
    ],
)
def test_another_file_is_named(content: str, what: str) -> None:
    with pytest.raises(DataError, match=what) as error:
        read_hovernet(content, "tile.json")
    assert "tile.json" in str(error.value)
