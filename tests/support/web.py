"""A local web server whose connections can be made to break off."""

from __future__ import annotations

import contextlib
import gzip
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


@dataclass
class Site:
    """What a server gives and what it was asked.

    Attributes:
        files: Contents by path.
        url: The server's address.
        breaks: After how many bytes each of the next connections ends early.
        ranges: Whether a part of a file can be asked for.
        compresses: Whether a file is sent compressed to who accepts that.
        refused: How many of the next requests are answered with status 503.
        asked: The path and the first byte of each request, in order.
    """

    files: dict[str, bytes]
    url: str = ""
    breaks: list[int] = field(default_factory=list)
    ranges: bool = True
    compresses: bool = False
    refused: int = 0
    asked: list[tuple[str, int]] = field(default_factory=list)


@contextlib.contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Site]:
    """Serve these files on a free port of this machine."""
    site = Site(files)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, site))
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, site: Site, *args: object) -> None:
        self.site = site
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        path, start = unquote(self.path.lstrip("/")), self._start()
        self.site.asked.append((path, start))
        if self.site.refused:
            self.site.refused -= 1
            self.send_error(503)
        elif path not in self.site.files:
            self.send_error(404)
        else:
            self._send(self.site.files[path], start)

    def _start(self) -> int:
        wanted = self.headers.get("Range", "")
        return int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.site.ranges else 0

    def _send(self, content: bytes, start: int) -> None:
        if start and start >= len(content):
            self.send_error(416)
            return
        compressed = self.site.compresses and "gzip" in self.headers.get("Accept-Encoding", "")
        rest = gzip.compress(content[start:]) if compressed else content[start:]
        self.send_response(206 if start else 200)
        if compressed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: self.site.breaks.pop(0)] if self.site.breaks else rest)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
