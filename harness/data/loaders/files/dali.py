"""A DALI pipeline that decodes what our order reads, and no more.

Nothing in it is random and it reads no file: it is fed encoded bytes and gives back
pixels, so resuming is starting at an address, and its own state is never stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from harness.data.loaders import Batch, Column, first_alike
from harness.data.loaders.feeding.ahead import ahead
from harness.data.loaders.feeding.shares import shared
from harness.data.loaders.files.encoded import Files
from harness.errors import DataError, MissingDependencyError

DEPTH = 2
"""Batches made before they are asked for."""

Rows = NDArray[np.int64]


def check_installed() -> None:
    """Check that DALI can be imported.

    Raises:
        MissingDependencyError: It cannot.
    """
    try:
        import nvidia.dali  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"the loader dali needs NVIDIA's DALI, which cannot be imported: {error}",
            where="loader",
            mend="pip install 'harness[dali]', or take loader: torch",
        ) from error


class Decoder:
    """A pipeline from the encoded images of some columns to their pixels.

    Args:
        streams: The columns.
        limit: The images of a batch at most.
        num_threads: Threads that decode.
        device: Where to; the CPU, or a GPU.
    """

    def __init__(self, streams: Sequence[Files], limit: int, num_threads: int, device: torch.device) -> None:
        from nvidia import dali

        self.limit = limit
        on_gpu = device.type == "cuda"
        number = (torch.cuda.current_device() if device.index is None else device.index) if on_gpu else None
        self.pipeline = dali.Pipeline(limit, num_threads, number, exec_dynamic=True, prefetch_queue_depth=1)
        with self.pipeline:
            self.pipeline.set_outputs(*(_decoded(index, one, on_gpu) for index, one in enumerate(streams)))
        self.pipeline.build()

    def start(self, encoded: Sequence[Sequence[NDArray[np.uint8]]]) -> None:
        """Have a batch decoded, while this thread does other things: for each column its encoded images."""
        for index, images in enumerate(encoded):
            self.pipeline.feed_input(f"files{index}", list(images))
        self.pipeline.schedule_run()

    def finish(self) -> Any:
        """The decoded images of the batch that was started, by column; they stay as long as they are held.

        Raises:
            DataError: A file is no image that DALI knows.
        """
        try:
            images = self.pipeline.share_outputs()
            self.pipeline.release_outputs()
        except RuntimeError as error:
            raise DataError(
                f"DALI cannot decode an image: {error}",
                mend="restore the files that were packed, or take loader: torch, which reads the pack",
            ) from error
        return images


def _decoded(index: int, files: Files, on_gpu: bool) -> Any:
    from nvidia.dali import fn, types

    grey = files.shape[2] == 1
    return fn.decoders.image(
        fn.external_source(name=f"files{index}"),
        device="mixed" if on_gpu else "cpu",
        output_type=types.GRAY if grey else types.RGB,
        adjust_orientation=False,
    )


class DaliLoad:
    """From row numbers to batches.

    Args:
        columns: The arrays of a batch, in order.
        files: For each column its image files; None where it has none and the pack is read.
        keys: The key of every row.
        device: Where the training runs.
        num_workers: Threads that read and decode.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        files: Sequence[Files | None],
        keys: NDArray[np.uint64],
        device: torch.device,
        num_workers: int,
    ) -> None:
        self.columns, self.keys, self.device, self.num_workers = tuple(columns), keys, device, num_workers
        self.first = first_alike(columns)
        self.streams = {i: one for i, one in enumerate(files) if one is not None and self.first[i] == i}

    def __call__(self, batches: Iterable[Rows]) -> Iterator[Batch]:
        """The batch of each array of row numbers, in order, made ahead by threads that end with the iterator."""
        if not self.streams:
            return (self._batch(rows, {}) for rows in batches)
        return ahead(self._batches(batches), DEPTH)

    def _batches(self, batches: Iterable[Rows]) -> Iterator[Batch]:
        """While a batch is decoded the one after is read.

        One pipeline at a time: a batch larger than all before needs a new one.
        """
        decoder, begun = None, None
        with ThreadPoolExecutor(self.num_workers) as pool:
            for rows in batches:
                encoded = [self._read(one, rows, pool) for one in self.streams.values()]
                done = self._finished(decoder, begun)
                if decoder is None or len(rows) > decoder.limit:
                    decoder = None
                    decoder = Decoder(list(self.streams.values()), len(rows), self.num_workers, self.device)
                decoder.start(encoded)
                yield from self._made(begun, done, pool)
                begun = rows
            yield from self._made(begun, self._finished(decoder, begun), pool)

    def _read(self, files: Files, rows: Rows, pool: ThreadPoolExecutor) -> list[NDArray[np.uint8]]:
        shares = shared(pool, self.num_workers, len(rows), lambda share: files.read(rows[share]))
        return [content for share in shares for content in share]

    def _finished(self, decoder: Decoder | None, begun: Rows | None) -> dict[int, Any]:
        return dict(zip(self.streams, decoder.finish(), strict=True)) if decoder and begun is not None else {}

    def _made(self, rows: Rows | None, images: dict[int, Any], pool: ThreadPoolExecutor) -> Iterator[Batch]:
        if rows is not None:
            arrays = {index: self._pixels(self.streams[index], rows, one, pool) for index, one in images.items()}
            yield self._batch(rows, arrays)

    def _pixels(self, files: Files, rows: Rows, images: Any, pool: ThreadPoolExecutor) -> Tensor:
        """Decoded images as a batch: DALI's own memory, which is not used again while it is held.

        Images that are larger than the pack's are made smaller, on the CPU.
        """
        if all(tuple(shape) == files.shape for shape in images.shape()):
            return from_dlpack(images.as_tensor())
        found = images.as_cpu() if self.device.type == "cuda" else images
        array = np.empty((len(rows), *files.shape), np.uint8)

        def fit(share: slice) -> None:
            for place in range(share.start, share.stop):
                array[place] = files.fitted(found.at(place), int(rows[place]))

        shared(pool, self.num_workers, len(rows), fit)
        return torch.from_numpy(array)

    def _batch(self, rows: Rows, decoded: Mapping[int, Tensor]) -> Batch:
        """A batch of what was decoded, and of what the pack holds."""
        arrays: dict[int, Tensor] = dict(decoded)
        for index, column in enumerate(self.columns):
            if self.first[index] != index:
                arrays[index] = arrays[self.first[index]].clone()
            elif index not in decoded:
                stored = column.stored.open().view(np.ndarray)
                arrays[index] = torch.from_numpy(stored[column.places(rows)])
        return Batch(tuple(arrays[index] for index in range(len(self.columns))), rows, self.keys[rows])
