"""One rank of a job as a command, for launchers that start processes themselves.

``python -m harness.launch.rank STORE PLAN FOLDER RANKS THREADS TOKEN RUN...``
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from harness.launch import Request
from harness.launch.worker import work


def main(words: Sequence[str]) -> None:
    """Compute the runs that the words name; see `Request` for what each stands for."""
    store, plan, folder, ranks, threads, token, *runs = words
    work(Request(Path(store), Path(plan), tuple(runs), int(ranks), int(threads), token, Path(folder)), "inline")


if __name__ == "__main__":
    main(sys.argv[1:])
