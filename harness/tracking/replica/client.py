"""The few operations on MLflow that the replica needs, each of which may be done twice with the same outcome."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlparse
from urllib.request import url2pathname

from harness.tracking.replica.names import NAME_LIMIT, NOTE_LIMIT, PARAM_LIMIT, legal_key, legal_value
from harness.tracking.replica.opening import open_client
from harness.tracking.replica.replay import Point

if TYPE_CHECKING:
    from mlflow.entities import Run

Item = TypeVar("Item")
METRICS_PER_BATCH, PAIRS_PER_BATCH, RUNS_PER_PAGE = 900, 100, 1_000
"""MLflow takes 1,000 metrics, 100 params and 100 tags in a batch, and 1,000 of all together."""
NOTE, NAME, PARENT, TOKEN = "mlflow.note.content", "mlflow.runName", "mlflow.parentRunId", "harness.token"


@dataclass(frozen=True)
class Known:
    """What MLflow has of a run."""

    id: str
    tags: Mapping[str, str]
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    status: str
    started: int
    ended: int | None
    artifacts: str


@dataclass(frozen=True)
class Experiment:
    """An experiment; `token` changes when it is made anew, and with it every cursor loses its meaning."""

    id: str
    token: str
    note: str


class Client:
    """Writes to one MLflow store and counts what it writes.

    Args:
        uri: Its address.
    """

    def __init__(self, uri: str) -> None:
        self._mlflow = open_client(uri)
        self.rows = 0
        self.created = 0

    def experiment(self, name: str) -> Experiment | None:
        """The experiment of that name; None where there is none, or it was deleted."""
        found = self._mlflow.get_experiment_by_name(name)
        if found is None or found.lifecycle_stage != "active":
            return None
        return Experiment(found.experiment_id, found.tags.get(TOKEN, ""), found.tags.get(NOTE, ""))

    def open_experiment(self, name: str, artifacts: Path | None) -> tuple[Experiment, bool]:
        """The experiment of that name, made or restored where it is not there, and whether it was made.

        Args:
            name: Its name.
            artifacts: The folder for its files; None leaves them to the server.
        """
        found = self._mlflow.get_experiment_by_name(name)
        if found is None:
            return self._new_experiment(name, artifacts), True
        if found.lifecycle_stage != "active":
            self._mlflow.restore_experiment(found.experiment_id)
        if TOKEN not in found.tags:
            self._mlflow.set_experiment_tag(found.experiment_id, TOKEN, uuid.uuid4().hex)
        return self.experiment(name) or self._new_experiment(name, artifacts), False

    def _new_experiment(self, name: str, artifacts: Path | None) -> Experiment:
        token, location = uuid.uuid4().hex, artifacts.absolute().as_uri() if artifacts else None
        made = self._mlflow.create_experiment(name, artifact_location=location, tags={TOKEN: token})
        return Experiment(made, token, "")

    def describe(self, experiment: Experiment, note: str) -> None:
        """Set the text above an experiment's runs."""
        if (text := legal_value(note, NOTE_LIMIT)) != experiment.note:
            self._mlflow.set_experiment_tag(experiment.id, NOTE, text)

    def runs(self, experiment: str, filter_text: str = "") -> list[Known]:
        """Every run of an experiment that is not deleted."""
        found: list[Known] = []
        token = None
        while True:
            page = self._mlflow.search_runs([experiment], filter_text, max_results=RUNS_PER_PAGE, page_token=token)
            found += [_known(run) for run in page]
            token = page.token
            if not token:
                return found

    def run(self, run_id: str) -> Known | None:
        """One run, or None where it is not there or was deleted."""
        from mlflow.exceptions import MlflowException

        try:
            found = self._mlflow.get_run(run_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return None
        return _known(found) if found.info.lifecycle_stage == "active" else None

    def create(self, experiment: str, name: str, time: int, tags: Mapping[str, str]) -> Known:
        """Make a run that began at `time`, with the tags by which it is found again, in one transaction."""
        self.created += 1
        return _known(self._mlflow.create_run(experiment, time, dict(tags), legal_value(name, NAME_LIMIT)))

    def delete(self, run_id: str) -> None:
        """Move a run out of sight."""
        self._mlflow.delete_run(run_id)

    def log(self, run_id: str, points: Sequence[Point] = (), params: Mapping[str, str] | None = None) -> None:
        """Add metric values and params, as many at a time as MLflow takes."""
        from mlflow.entities import Metric, Param

        metrics = [Metric(point.key, point.value, point.time, point.step) for point in points]
        pairs = [Param(key, value) for key, value in (params or {}).items()]
        for some, few in zip_longest(_chunks(metrics, METRICS_PER_BATCH), _chunks(pairs, PAIRS_PER_BATCH)):
            self._mlflow.log_batch(run_id, metrics=some or (), params=few or ())
        self.rows += len(metrics)

    def tag(self, run: Known, tags: Mapping[str, str], owned: tuple[str, ...] = ()) -> None:
        """Bring a run's tags to what they should be; others with an `owned` beginning go."""
        from mlflow.entities import RunTag

        changed = [RunTag(key, value) for key, value in tags.items() if run.tags.get(key) != value]
        for some in _chunks(changed, PAIRS_PER_BATCH):
            self._mlflow.log_batch(run.id, tags=some)
        for key in run.tags:
            if owned and key.startswith(owned) and key not in tags:
                self._mlflow.delete_tag(run.id, key)

    def settle(self, run: Known, status: str, end: int | None) -> None:
        """Set a run's status, and when it ended where it has."""
        if end is None and run.status != status:
            self._mlflow.update_run(run.id, status)
        elif end is not None and (run.status, run.ended) != (status, end):
            self._mlflow.set_terminated(run.id, status, end)

    def attach(self, run_id: str, source: Path, name: str) -> None:
        """Store a file with a run as `name`, which may have folders in front."""
        folder, _, file = name.rpartition("/")
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch) / file
            shutil.copyfile(source, copy)
            self._mlflow.log_artifact(run_id, str(copy), folder or None)

    def fetch(self, run: Known, name: str, folder: Path) -> Path:
        """A file that is stored with a run: where it lies, or downloaded below `folder` from another machine."""
        place = urlparse(run.artifacts)
        if place.scheme in ("", "file"):
            return Path(url2pathname(place.path)) / name
        target = folder / run.id
        target.mkdir(parents=True, exist_ok=True)
        return Path(self._mlflow.download_artifacts(run.id, name, str(target)))

    def experiments(self) -> dict[str, str]:
        """The ids of the grids' experiments, by grid."""
        found = self._mlflow.search_experiments()
        return {item.name: item.experiment_id for item in reversed(found) if TOKEN in item.tags}


def params(items: Mapping[str, str]) -> dict[str, str]:
    """Params in the shape that MLflow takes."""
    return {legal_key(key): legal_value(str(value), PARAM_LIMIT) for key, value in items.items()}


def _chunks(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _known(run: Run) -> Known:
    info, data = run.info, run.data
    facts = (dict(data.tags), dict(data.params), dict(data.metrics), str(info.status))
    return Known(info.run_id, *facts, int(info.start_time), info.end_time, str(info.artifact_uri))
