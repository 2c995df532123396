"""The file against FFCV's own writer and reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data.beton.layout import HEADER, LEAST_PAGE, Layout, fields_of
from harness.data.beton.make import beton
from harness.data.beton.seal import SIZE
from harness.data.packed import PackedSet
from harness.data.stored import StoredArray
from support.fresh import run
from support.images import packed_folder


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> PackedSet:
    """Two pages: a sample has 256 KiB, and one page holds 31."""
    return packed_folder(tmp_path_factory.mktemp("set"), n=40, size=256, vectors=3)


def layout_of(packed: PackedSet) -> Layout:
    return Layout(list(fields_of(packed.arrays).values()), SIZE)


@pytest.mark.ffcv
def test_it_is_what_ffcv_writes_but_for_the_seal_and_unused_room(packed: PackedSet, tmp_path: Path) -> None:
    layout, ours = layout_of(packed), beton(packed).read_bytes()
    theirs = written_by_ffcv(packed, tmp_path / "theirs.beton").read_bytes()
    assert layout.num_pages == 2
    assert ours[HEADER.itemsize : layout.data_at] == theirs[HEADER.itemsize : layout.data_at]
    used = layout.per_page * layout.sample_bytes
    for page in range(layout.data_at, layout.seal_at, layout.page_size):
        count = used if page == layout.data_at else (40 - layout.per_page) * layout.sample_bytes
        assert ours[page : page + count] == theirs[page : page + count]
    assert ours[layout.table_at :] == theirs[layout.seal_at :]
    header, other = (np.frombuffer(content, HEADER, 1)[0] for content in (ours, theirs))
    assert header["table"] - SIZE == other["table"]
    assert [header[name] for name in HEADER.names[:-1]] == [other[name] for name in HEADER.names[:-1]]


def written_by_ffcv(packed: PackedSet, path: Path) -> Path:
    from ffcv.fields import NDArrayField, RGBImageField
    from ffcv.writer import DatasetWriter

    fields: dict[str, Any] = {
        "he": RGBImageField("raw"),
        "panck": NDArrayField(np.dtype("u1"), (256, 256, 1)),
        "markers": NDArrayField(np.dtype("<f4"), (3,)),
    }
    assert list(fields) == list(packed.arrays)
    writer = DatasetWriter(str(path), fields, num_workers=1)
    writer.from_indexed_dataset(Rows([np.array(packed.array(name)) for name in fields]))
    return path


class Rows:
    """The samples, as FFCV's writer asks for them."""

    def __init__(self, arrays: list[np.ndarray]) -> None:
        self.arrays = arrays

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, row: int) -> tuple[np.ndarray, ...]:
        return tuple(array[row] for array in self.arrays)


READ = """
import hashlib, sys
from ffcv.loader import Loader

found = [hashlib.sha256() for _ in range(3)]
for batch in Loader(sys.argv[1], batch_size=7, num_workers=1, drop_last=False, seed=0):
    for one, array in zip(found, batch, strict=True):
        one.update(array.numpy().tobytes())
print(*(one.hexdigest() for one in found))
"""


@pytest.mark.ffcv
def test_ffcv_reads_every_sample(packed: PackedSet) -> None:
    """In a process of its own: its loader alters a type of numba's in place, under whoever compiled for it."""
    assert run(READ, str(beton(packed))).split() == [array.sha256 for array in packed.arrays.values()]


def array(kind: Any, *shape: int) -> StoredArray:
    return StoredArray(Path("x.bin"), kind, "<f4" if kind == "vector" else "|u1", shape, "", None, None)


def test_no_sample_crosses_a_page() -> None:
    """Every address, on sizes that fill a page to the last byte, by one too many, and that need a larger page."""
    for side in (16, 512, 1672, 1673, 2048):
        layout = Layout(
            list(fields_of({"a": array("image", 9, side, side, 3), "b": array("vector", 9, 5)}).values()), SIZE
        )
        table = np.frombuffer(layout.table(), "<u8").reshape(9, 2, 3).astype(np.int64)
        first, last = table[:, 0, 1], table[:, 1, 1] + table[:, 1, 2] - 1
        assert np.array_equal(first // layout.page_size, last // layout.page_size)
        assert (table[:, 0, 1] + table[:, 0, 2] == table[:, 1, 1]).all()
        assert (first[1:] > last[:-1]).all()
        assert last[-1] < layout.seal_at
        assert layout.page_size >= LEAST_PAGE
        assert layout.page_size & (layout.page_size - 1) == 0


def test_a_name_that_ffcv_has_no_room_for_is_replaced() -> None:
    fields = fields_of({"he": array("image", 1, 2, 2, 3), "a_name_of_seventeen"[:17]: array("vector", 1, 2)})
    assert [field.name for field in fields.values()] == ["he", "~1"]
    assert [field.is_rgb for field in fields.values()] == [True, False]
