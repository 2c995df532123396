"""One file from the web: resumed where a connection broke off, kept only if its checksum is right.

The names, the cache folder and the checksums are pooch's; going on with half a file is
what it lacks. A half file stands beside its place as `NAME.part` until it is whole, so
a download of 12 GB that breaks off at 11 goes on at 11, in the next call as well.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from harness.errors import DataError, MissingDependencyError
from harness.files import naming_full_disk

BLOCK = 1 << 16
"""Bytes that are read at a time, and at most lost when a connection breaks off."""
TRIES = 5
PATIENCE_S = 30.0
WAIT_S = 1.0

Progress = Callable[[int, int], None]
"""Told how many bytes of how many are there; 0 of them where the server does not say."""


@dataclass(frozen=True)
class Remote:
    """A published file.

    Attributes:
        name: Its name in the cache.
        url: Where it is published.
        checksum: Of its contents, as `algorithm:hexadecimal`.
    """

    name: str
    url: str
    checksum: str


def download(remote: Remote, cache: Path, progress: Progress | None = None) -> Path:
    """The file's place in the cache; what is there with the right checksum is not fetched again.

    Args:
        remote: What to fetch.
        cache: The folder to keep it in.
        progress: Told after every block.

    Raises:
        DataError: It cannot be reached, or what came has another checksum.
        DiskFullError: No room; what came so far is kept.
        MissingDependencyError: pooch is not installed.
    """
    pooch = _pooch()
    place = cache / remote.name
    with naming_full_disk(place):
        try:
            fetcher = _Resuming(place.with_name(f"{place.name}.part"), progress)
            pooch.retrieve(remote.url, remote.checksum, remote.name, cache, downloader=fetcher)
        except ValueError as error:
            raise DataError(
                f"what {remote.url!r} gave is not the published file: its checksum is another",
                legal=remote.checksum,
                mend="run the command again; if it stays so, the file was replaced where it is published",
            ) from error
    return place


def user_cache() -> Path:
    """Where downloads are kept if nothing else is said: the user's cache, as the system has it."""
    return Path(_pooch().os_cache("harness"))


class _Resuming:
    """A downloader for pooch.

    Args:
        part: The half file.
        progress: Told after every block.
    """

    def __init__(self, part: Path, progress: Progress | None) -> None:
        self.part, self.progress = part, progress

    def __call__(self, url: str, output: str | Path, pooch: Any) -> None:
        """Fetch the rest of `url`, then put the whole at `output`."""
        import requests

        for attempt in range(1, TRIES + 1):
            try:
                self._rest(requests, url)
                os.replace(self.part, output)
                return
            except requests.RequestException as error:
                if attempt == TRIES or not _may_pass(error):
                    raise self._unreachable(url, error) from error
                time.sleep(WAIT_S * attempt)

    def _rest(self, requests: Any, url: str) -> None:
        """Ask for what follows the half file, not compressed; a server that gives all is given all the room."""
        have = self.part.stat().st_size if self.part.exists() else 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
        with requests.get(url, headers=headers, stream=True, timeout=PATIENCE_S) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                return
            response.raise_for_status()
            resumed = response.status_code == requests.codes.partial_content
            start = have if resumed else 0
            length = int(response.headers.get("Content-Length", 0))
            with open(self.part, "ab" if resumed else "wb") as file:
                self._copy(response, file, start, start + length if length else 0)
            _check_whole(requests, file_size=self.part.stat().st_size, expected=start + length if length else 0)

    def _copy(self, response: Any, file: IO[bytes], start: int, total: int) -> None:
        done = start
        for block in response.iter_content(BLOCK):
            file.write(block)
            done += len(block)
            if self.progress is not None:
                self.progress(done, total)

    def _unreachable(self, url: str, error: Exception) -> DataError:
        place = self.part.with_suffix("")
        return DataError(
            f"{url!r} cannot be fetched: {_reason(error)}",
            where=str(place),
            mend=f"check the network and run the command again: it goes on where it stopped. Without a network, "
            f"fetch the file elsewhere, put it at {str(place)!r}, and run the command again",
        )


def _check_whole(requests: Any, file_size: int, expected: int) -> None:
    """A connection that ends early is an error like any other, to be tried again."""
    if expected and file_size < expected:
        raise requests.ConnectionError(f"the connection ended at {file_size} of {expected} bytes")


def _may_pass(error: Any) -> bool:
    """Whether another try may help: the server did not say that the file is not there."""
    response = getattr(error, "response", None)
    return response is None or response.status_code >= 500 or response.status_code == 429


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _pooch() -> Any:
    try:
        import pooch  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingDependencyError(
            "downloads need pooch, which is not installed", mend="pip install pooch"
        ) from error
    pooch.get_logger().setLevel("WARNING")
    return pooch
