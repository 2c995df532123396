"""Batches made ahead of the one who takes them, by one thread that ends with the iterator."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator

from harness.data.loaders import Batch


def ahead(batches: Iterator[Batch], depth: int) -> Iterator[Batch]:
    """The same batches in the same order, up to `depth` of them made before they are taken.

    The thread starts when the first batch is asked for. It has ended when the iterator
    ends, is closed, or is let go of; an error in it comes out here.

    Args:
        batches: Makes each batch as it is asked; it is used by the thread alone.
        depth: One or more.
    """
    worker = _Worker(batches, depth)
    worker.start()
    try:
        while True:
            item = worker.take()
            if item is None:
                return
            yield item
    finally:
        worker.end()


class _Worker(threading.Thread):
    """Makes a batch whenever a slot is free."""

    def __init__(self, batches: Iterator[Batch], depth: int) -> None:
        super().__init__(daemon=True, name="harness-loader")
        self.batches = batches
        self.slots = threading.Semaphore(depth)
        self.made: queue.SimpleQueue[Batch | BaseException | None] = queue.SimpleQueue()
        self.ending = threading.Event()

    def run(self) -> None:
        """Make batches until there are no more, one fails, or the end is asked for; then let go of what made them."""
        try:
            while self._may_go_on() and (batch := next(self.batches, None)) is not None:
                self.made.put(batch)
            self._close()
            self.made.put(None)
        except BaseException as error:
            self.made.put(error)

    def _may_go_on(self) -> bool:
        self.slots.acquire()
        return not self.ending.is_set()

    def _close(self) -> None:
        close = getattr(self.batches, "close", None)
        if close is not None:
            close()

    def take(self) -> Batch | None:
        """The next batch, or None after the last."""
        item = self.made.get()
        self.slots.release()
        if isinstance(item, BaseException):
            raise item
        return item

    def end(self) -> None:
        """Stop the thread and wait for it: at most for the batch that it is making."""
        self.ending.set()
        self.slots.release()
        self.join()
