"""The family of stages: what one run computes, and what a plan must know about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from harness.config.family import Family
from harness.config.identity import short_id
from harness.config.plain import identity
from harness.errors import HarnessError

if TYPE_CHECKING:
    from harness.grid.work import Work


@dataclass(frozen=True)
class Price:
    """What a run is expected to take, before it is known.

    Attributes:
        key: Runs of equal key take equal time a unit, so one that finished prices the others.
        units: How much work it is, in pairs or samples.
        assumed_rate: Units a second on one CPU core, used until a run of that key has finished.
        live_bytes: Disk while it runs: two checkpoints.
        final_bytes: Disk that stays after its result.
    """

    key: str
    units: float
    assumed_rate: float
    live_bytes: int = 0
    final_bytes: int = 0


@dataclass(frozen=True)
class Outcome:
    """What a stage hands back when it is done.

    Attributes:
        metrics: Numbers by name, as ``split/name``.
        facts: Plain data that the tables need.
        artifacts: Files that stay, by name; they lie below the attempt's folder.
    """

    metrics: Mapping[str, float]
    facts: Mapping[str, Any] = field(default_factory=dict)
    artifacts: Mapping[str, Path] = field(default_factory=dict)


class Stage(Family):
    """What one run computes: a frozen configuration that can be called.

    Attributes:
        seed: Of everything random. A cell is a stage without it.
    """

    seed: int = 0

    def __call__(self, work: Work) -> Outcome:
        """Compute; every rank calls it, and rank 0's outcome counts."""
        raise NotImplementedError

    def together(self) -> str | None:
        """What runs of one job have in common that are cheaper computed together; None for a run that is not.

        A run must come to the same bits alone and with others.
        """
        return None

    @classmethod
    def compute_together(cls, parts: Sequence[tuple[Self, Work]]) -> Iterator[tuple[int, Outcome | HarnessError]]:
        """Compute runs that say the same of `together`; a run alone is a group of one.

        Args:
            parts: Each run with the worker's part in it.

        Yields:
            The place of a run among `parts`, and its outcome or the error that is its own, as
            they are had. What is raised is the error of every run that has none yet.
        """
        for place, (stage, work) in enumerate(parts):
            yield place, stage(work)

    @classmethod
    def settle(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings as a grid file gives them, with the stage's short forms written out."""
        return dict(settings)

    @classmethod
    def short_forms(cls) -> tuple[str, ...]:
        """Keys that `settle` understands beside the fields."""
        return ()

    @classmethod
    def follow(cls, settings: Mapping[str, Any], upstream: Stage, key: str) -> dict[str, Any]:
        """Settings of a dependent run, with what it takes from the run it reads filled in.

        Args:
            settings: As the grid file's `then` gives them.
            upstream: The stage that is read.
            key: The key of its run.
        """
        raise NotImplementedError

    @classmethod
    def beside(cls, settings: Mapping[str, Any], first: Stage) -> dict[str, Any]:
        """Settings of a floor: the same stage with nothing learnt to read, on the data of `first`."""
        raise NotImplementedError

    def inputs(self) -> tuple[str, ...]:
        """Keys of the runs whose results this one reads."""
        return ()

    def pinned(self, cache: Path) -> Self | None:
        """The same stage with the digest of its data filled in; None where the data are not at hand."""
        return self

    def check(self, ranks: int) -> None:
        """Raise a ConfigError where the settings cannot be carried out on so many ranks."""

    def tags(self) -> dict[str, str]:
        """What a person would filter runs by: objective, encoder, pairing, fraction, label."""
        return {}

    def price(self) -> Price:
        """What the run is expected to take."""
        return Price(self.name, 1.0, 1.0)

    def key(self) -> str:
        """``<stage>/<id>``, the run's name everywhere."""
        return f"{self.name}/{short_id(identity(self))}"
