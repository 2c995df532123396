"""FFCV's compiled reader under an order, threads and memory of our own.

FFCV compiles, for the fields of a file, a function from row numbers to arrays that it
fills; that is used as it is. Its own iterator is not: it wants its whole order at once,
gives out memory that a later batch overwrites, leaves a thread behind when it is left
early, and waits for ever when that thread fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from harness.data.beton.layout import Field, fields_of
from harness.data.loaders import Batch, Column, first_alike
from harness.data.loaders.feeding.ahead import ahead
from harness.data.loaders.feeding.recycled import Recycled, tensor
from harness.data.loaders.feeding.shares import shared
from harness.data.packed import PackedSet
from harness.data.stored import StoredArray
from harness.errors import MissingDependencyError

DEPTH = 3
"""Batches made before they are asked for, as FFCV's own iterator makes."""

Rows = NDArray[np.int64]


def check_installed() -> None:
    """Check that FFCV can be imported.

    Raises:
        MissingDependencyError: It cannot.
    """
    _apart(_imported)


class Reader:
    """Some fields of a .beton, as FFCV's compiled function reads them.

    Args:
        path: The file.
        fields: Those that are read.
    """

    def __init__(self, path: Path, fields: Sequence[Field]) -> None:
        self.fields = {field.name: field for field in fields}
        _apart(lambda: self._compile(path))

    def read(self, rows: Rows, into: Mapping[str, NDArray[Any]]) -> None:
        """Fill arrays with rows.

        Args:
            rows: Which.
            into: An array for each field by its name, as long as the rows.
        """
        memory = {f"memory_{self.nodes[name]}": array for name, array in into.items()}
        self.stage(batch_indices=rows.astype(np.uint64), **self.constant, **memory)

    def _compile(self, path: Path) -> None:
        """Have FFCV compile, and read a row: what compiles when it is first called must not be by several threads."""
        from ffcv.reader import Reader as Header

        header = Header(str(path))
        self.stage, self.nodes = _compiled(header, self.fields)
        table = np.sort(header.alloc_table, order="ptr")
        content = np.memmap(path, np.uint8, mode="r").view(np.ndarray)
        self.constant: dict[str, Any] = {
            "metadata": header.metadata,
            "storage_state": (content, table["ptr"].copy(), table["size"].copy()),
            **{f"shared_memory_{node}": None for node in self.nodes.values()},
        }
        first = {name: np.empty((1, *one.stored.shape[1:]), one.stored.dtype) for name, one in self.fields.items()}
        self.read(np.zeros(1, np.int64), first)


@dataclass(frozen=True, eq=False)
class Part:
    """The columns that see the same rows, and what reads them.

    Attributes:
        column: One of them, which knows the rows.
        reader: Reads one list of rows for all of its fields.
        indices: Where each field's column stands among all; a further column of a field is copied from it.
    """

    column: Column
    reader: Reader
    indices: Mapping[str, int]


class FfcvLoad:
    """From row numbers to batches.

    Args:
        columns: The arrays of a batch, in order.
        packed: The pack.
        path: Its .beton.
        num_workers: Threads that share a batch.
    """

    def __init__(self, columns: Sequence[Column], packed: PackedSet, path: Path, num_workers: int) -> None:
        self.columns, self.keys, self.num_workers = tuple(columns), packed.keys, num_workers
        fields = {field.stored: field for field in fields_of(packed.arrays).values()}
        self.first = first_alike(columns)
        self.memory = Recycled()
        self.parts = [_part(path, columns, fields, indices) for indices in _together(columns, self.first)]

    def __call__(self, batches: Iterable[Rows]) -> Iterator[Batch]:
        """The batch of each array of row numbers, in order, made ahead by threads that end with the iterator."""
        return ahead(self._batches(batches), DEPTH)

    def _batches(self, batches: Iterable[Rows]) -> Iterator[Batch]:
        with ThreadPoolExecutor(self.num_workers) as pool:
            for rows in batches:
                arrays = [self.memory.rows(column.stored, len(rows)) for column in self.columns]
                for part in self.parts:
                    self._fill(part, part.column.places(rows), arrays, pool)
                for array, first in zip(arrays, self.first, strict=True):
                    if array is not arrays[first]:
                        array[...] = arrays[first]
                yield Batch(tuple(map(tensor, arrays)), rows, self.keys[rows])

    def _fill(self, part: Part, rows: Rows, arrays: Sequence[NDArray[Any]], pool: ThreadPoolExecutor) -> None:
        """Have a share of the rows read by each thread."""
        into = {name: arrays[index] for name, index in part.indices.items()}

        def read(share: slice) -> None:
            part.reader.read(rows[share], {name: array[share] for name, array in into.items()})

        shared(pool, self.num_workers, len(rows), read)


def _together(columns: Sequence[Column], first: Sequence[int]) -> list[list[int]]:
    """The columns that see the same rows, those alike once."""
    parts: dict[int, list[int]] = {}
    for index in sorted(set(first)):
        parts.setdefault(id(columns[index].partners), []).append(index)
    return list(parts.values())


def _part(path: Path, columns: Sequence[Column], fields: Mapping[StoredArray, Field], indices: Sequence[int]) -> Part:
    read = {fields[columns[index].stored]: index for index in indices}
    reader = Reader(path, list(read))
    return Part(columns[indices[0]], reader, {field.name: index for field, index in read.items()})


def _imported() -> None:
    try:
        import ffcv.loader  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"the loader ffcv needs FFCV, which cannot be imported: {error}",
            where="loader",
            mend="on Debian and Ubuntu: apt-get install g++ libopencv-dev libturbojpeg0-dev pkg-config, "
            "then pip install 'harness[ffcv]'; or take loader: torch",
        ) from error


def _compiled(header: Any, fields: Mapping[str, Field]) -> tuple[Callable[..., Any], dict[str, int]]:
    """FFCV's function that reads some fields of a file, and the number by which it knows each of them.

    FFCV's own loader is passed by. It would compile the look-up below for a type of array
    that it alters in place, which numba shares with whatever else was compiled for it.
    """
    from ffcv.fields.ndarray import NDArrayDecoder
    from ffcv.fields.rgb_image import SimpleRGBImageDecoder
    from ffcv.pipeline.compiler import Compiler
    from ffcv.pipeline.graph import Graph
    from ffcv.pipeline.pipeline_spec import PipelineSpec

    Compiler.set_num_threads(1)
    decoders = {name: SimpleRGBImageDecoder if one.is_rgb else NDArrayDecoder for name, one in fields.items()}
    specs = {name: PipelineSpec(name, None, [decoder()]) for name, decoder in decoders.items()}
    places = {name: place for place, name in enumerate(header.field_names)}
    graph = Graph(specs, header.handlers, places, header.metadata, Compiler.compile(_looked_up))
    ((stage, _),), _ = graph.codegen_all(graph.collect_requirements()[1])
    return stage, {name: graph.leaf_nodes[name].id for name in fields}


def _looked_up(address: int, state: tuple[NDArray[Any], NDArray[Any], NDArray[Any]]) -> NDArray[Any]:
    """The bytes at an address of a file; `state` is its bytes, all addresses in order, and their lengths."""
    content, addresses, lengths = state
    return content[address : address + lengths[np.searchsorted(addresses, address)]]


def _apart(work: Callable[[], Any]) -> Any:
    """What `work` returns in a thread of its own: FFCV sets the threads of numba and torch to one for its caller."""
    threads = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(work).result()
    finally:
        torch.set_num_threads(threads)
