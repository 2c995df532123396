"""The sheet of augmentations: what stands where, and that a picture shows the operation that its row names."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from harness.report import augmentations
from harness.report.augmentations import OPERATIONS, augmentation_sheet

Rows = list[tuple[str, list[NDArray[np.uint8]]]]


def patches(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(30, 220, (count, 24, 24, 3), dtype=np.uint8)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], Rows]:
    """The columns and rows that the sheet of one patch is made of."""
    kept: list[tuple[list[str], Rows]] = []
    monkeypatch.setattr(augmentations, "sample_sheet", lambda columns, rows: kept.append((columns, rows)) or b"")
    augmentation_sheet(patches(1), draws=2, seed=1)
    return kept[0]


def test_it_is_a_picture_and_the_same_each_time() -> None:
    sheet = augmentation_sheet(patches(2), draws=2)
    assert Image.open(BytesIO(sheet)).format == "PNG"
    assert augmentation_sheet(patches(2), draws=2) == sheet
    assert augmentation_sheet(patches(2), draws=2, seed=1) != sheet


def test_every_operation_has_a_row_and_every_protocol_its_columns(drawn: tuple[list[str], Rows]) -> None:
    columns, rows = drawn
    assert columns == ["patch", "paper 1", "paper 2", "authors 1", "authors 2"]
    assert [name for name, _ in rows] == [*OPERATIONS, "Table S1"]
    for _, pictures in rows:
        assert [picture.shape for picture in pictures] == [(24, 24, 3)] * 5
        assert {picture.dtype for picture in pictures} == {np.dtype(np.uint8)}


def test_pictures_show_what_their_row_names(drawn: tuple[list[str], Rows]) -> None:
    rows = dict(drawn[1])
    patch, paper, _, authors, _ = rows["crop"]
    assert np.array_equal(paper, authors)
    assert not np.array_equal(paper, patch)
    assert np.array_equal(np.sort(rows["flip"][1].ravel()), np.sort(patch.ravel()))
    for picture in rows["noise"][1:]:
        assert np.array_equal(picture[6:18, 6:18], patch[6:18, 6:18])
        assert picture[:6].max() > 0
    padded, *_, negative = rows["solarize"]
    assert np.array_equal(negative[6:18, 6:18], 255 - patch[6:18, 6:18])
    assert padded[:6].max() == negative[:6].max() == 0
    assert not np.array_equal(rows["jitter"][1], rows["jitter"][3])
