"""Opening MLflow: quietly, and its own SQLite file only when it is whole.

MLflow makes the tables of a fresh database by running every migration of its history,
several seconds of which any may be the last, and processes that do so at once spoil it.
Here one process makes the file under a lock and a temporary name, and renames it. It is
put into write-ahead mode, which lets the UI read while the syncer writes and makes a
small write three to eight times as fast.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from harness.errors import StoreError
from harness.files import locked

if TYPE_CHECKING:
    from mlflow import MlflowClient

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}
"""No telemetry, no first-run noise, and a server that is down is soon given up."""


BENEATH = ("mlflow", "sqlalchemy", "sqlite3", "requests", "urllib3")
"""The packages whose errors mean that a store does not answer."""


def default_uri(folder: Path) -> str:
    """The address of the SQLite file in a store's folder for MLflow, `Store.mlflow`."""
    return sqlite_uri(folder.absolute() / "mlflow.db")


def default_artifacts(folder: Path) -> Path:
    """Where the artifacts of that store lie."""
    return folder.absolute() / "artifacts"


def quieten() -> None:
    """Set what MLflow reads when it is imported, where the user has not set it."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)


def initialise(uri: str) -> None:
    """Make the store ready for any number of processes; nothing to do where it is."""
    open_client(uri)


def open_client(uri: str) -> MlflowClient:
    """A client of the store at `uri`, which is made if it is a SQLite file that does not exist.

    Raises:
        StoreError: The store cannot be reached, made or read.
    """
    path = sqlite_path(uri)
    with reaching(uri):
        if path is not None:
            _make_once(path)
        return _client(uri)


def sqlite_uri(path: Path) -> str:
    """The address of a SQLite file, as SQLAlchemy 2.1 reads it.

    A name that it would decode or cut (``%20``, ``?``) is escaped; all others stand as they
    are, since MLflow takes the text for a path in one place.
    """
    name = str(path)
    return f"sqlite:///{name if unquote(name) == name and '?' not in name else quote(name)}"


def sqlite_path(uri: str) -> Path | None:
    """The file of a SQLite address; None for any other address."""
    scheme, _, name = uri.partition(":///")
    name = unquote(name.partition("?")[0])
    return Path(name) if scheme.startswith("sqlite") and name not in ("", ":memory:") else None


@contextlib.contextmanager
def reaching(uri: str) -> Iterator[None]:
    """Turn the errors of MLflow, and of what it stands on, into one that a user can act on."""
    quieten()
    try:
        yield
    except Exception as error:
        if type(error).__module__.split(".")[0] not in BENEATH:
            raise
        raise StoreError(
            f"MLflow's store {uri!r} does not answer: {(str(error).splitlines() or [type(error).__name__])[0]}",
            mend="start its server or free its file; nothing is lost, the next sync catches up from the run folders",
        ) from error


def _make_once(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.with_name(f"{path.name}.lock")):
        if path.exists():
            return
        for leftover in path.parent.glob(f".{path.name}.*"):
            leftover.unlink()
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        _client(sqlite_uri(temporary))
        os.replace(temporary, path)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")


def _client(uri: str) -> MlflowClient:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from mlflow import MlflowClient

        return MlflowClient(uri)
