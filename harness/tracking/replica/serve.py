"""MLflow's own UI on a store, as a child process on this machine's loopback."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from harness.errors import StoreError
from harness.tracking.replica.client import Client
from harness.tracking.replica.opening import QUIET, initialise

LOOPBACK = "127.0.0.1"
PORT = 5000
START_WAIT_S, POLL_S, STOP_WAIT_S = 90.0, 0.2, 10.0


@dataclass(frozen=True)
class Served:
    """A UI that answers.

    Attributes:
        url: Its address.
        links: By grid, the page that shows its runs; MLflow's front page leads to another view.
        process: The child; None for a server that was there already.
    """

    url: str
    links: Mapping[str, str]
    process: subprocess.Popen[bytes] | None

    def wait(self) -> None:
        """Return when the child ends; at once where there is none."""
        if self.process is not None:
            self.process.wait()


@contextlib.contextmanager
def serving(uri: str, artifacts: Path | None, host: str = LOOPBACK, port: int = PORT) -> Iterator[Served]:
    """Run MLflow's UI while the context lasts.

    Args:
        uri: The store; that of a server that runs already starts nothing.
        artifacts: Where the files lie.
        host: The interface to listen on. MLflow asks nobody who they are: leave it at loopback.
        port: Taken if it is free; any free one otherwise.

    Raises:
        StoreError: The server does not come up.
    """
    if uri.startswith(("http://", "https://")):
        yield Served(uri.rstrip("/"), _links(uri, uri.rstrip("/")), None)
        return
    initialise(uri)
    url = f"http://{host}:{_free(host, port)}"
    with tempfile.TemporaryFile() as log, _child(_command(uri, artifacts, url), log) as process:
        _await(url, process, log)
        yield Served(url, _links(uri, url), process)


def _links(uri: str, url: str) -> dict[str, str]:
    view = "runs?workflowType=machine_learning"
    return {grid: f"{url}/#/experiments/{number}/{view}" for grid, number in Client(uri).experiments().items()}


def _free(host: str, port: int) -> int:
    """`port`, or one that the system chooses where it is taken."""
    for wanted in (port, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, wanted))
            return int(probe.getsockname()[1])
    raise StoreError(f"no port can be opened on {host!r}", mend="name an address of this machine, such as 127.0.0.1")


def _command(uri: str, artifacts: Path | None, url: str) -> list[str]:
    host, _, port = url.removeprefix("http://").rpartition(":")
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--host", host, "--port", port]
    command += ["--workers", "1", "--uvicorn-opts", "--log-level warning"]
    return command + (["--artifacts-destination", artifacts.absolute().as_uri()] if artifacts else [])


@contextlib.contextmanager
def _child(command: list[str], log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The server in a process group of its own, all of which is ended with the context."""
    environment = {**QUIET, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **os.environ}
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_WAIT_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await(url: str, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    deadline = time.monotonic() + START_WAIT_S
    while not _answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            log.seek(0)
            lines = log.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
            raise StoreError(f"MLflow's server does not come up at {url}: {lines[-1]}", mend="try another --port")
        time.sleep(POLL_S)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
