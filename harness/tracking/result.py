"""A run's result: metrics, facts and the files it left, in one small JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from harness.errors import StoreError
from harness.files import read_text

FORMAT = 1


@dataclass(frozen=True)
class Artifact:
    """A file that a run left.

    Attributes:
        path: Relative to the run's folder.
        sha256: Of its bytes.
    """

    path: str
    sha256: str


@dataclass(frozen=True)
class Result:
    """What a finished run found.

    Attributes:
        run: ``<stage>/<id>``.
        attempt: The number of the attempt that finished.
        metrics: Numbers by name, as ``split/name``.
        facts: What the tables need beside the numbers: classes, evaluation set, marks.
        artifacts: Files by name.
        seconds: Wall time of the attempt that finished, from its start.
        finished: Seconds since 1970.
        provenance: Commit, versions and machine of that attempt.
    """

    run: str
    attempt: int
    metrics: Mapping[str, float]
    facts: Mapping[str, Any]
    artifacts: Mapping[str, Artifact]
    seconds: float
    finished: float
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def dump(self) -> str:
        """The text of result.json."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True, allow_nan=False)

    @classmethod
    def load(cls, path: Path) -> Self:
        """The result that a file holds.

        Raises:
            StoreError: The file is damaged or was written by a newer version.
        """
        try:
            raw = json.loads(read_text(path))
            refuse_newer(raw, path)
            raw.pop("format")
            raw["artifacts"] = {name: Artifact(**item) for name, item in raw["artifacts"].items()}
            return cls(**raw)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                f"{str(path)!r} is no valid result: {error}", mend="remove that file; the run is then computed again"
            ) from error


def refuse_newer(record: Mapping[str, Any], path: Path) -> None:
    """Raise where a record was written by a later version than this one can read."""
    written = record["format"]
    if not isinstance(written, int) or written > FORMAT:
        raise StoreError(
            f"{str(path)!r} was written by a newer version of harness: format {written}, this one reads {FORMAT}",
            mend="upgrade harness, or use another store",
        )
