"""What a table of a grid shows: its rows, columns, metrics, and the effects that are asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from harness.config.base import Config
from harness.errors import ConfigError, did_you_mean

NO_AXIS = ("seed", "floor")
STAGE = "stage"
"""The axis that a table of several stages has beside those of its grid."""


def _listed(value: Any) -> Any:
    """One name alone as a list of one, so that `columns: objective` reads as it is meant."""
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class EffectSpec(Config):
    """A question put to a table: what does one value of an axis do, compared with another, all else equal?

    Attributes:
        axis: The axis that is changed.
        treatment: The value whose effect is asked for.
        control: The value that it is compared with.
        expect: What is known beforehand, where the grid is a check of the harness itself: an effect
            above zero, or none.
    """

    axis: str
    treatment: str
    control: str
    expect: Literal["positive", "none"] | None = None

    @model_validator(mode="after")
    def _differs(self) -> EffectSpec:
        if self.treatment == self.control:
            raise ConfigError(
                f"the effect on {self.axis!r} compares {self.treatment!r} with itself",
                where="table.effects",
                mend="name two values of the axis",
            )
        return self


class TableSpec(Config):
    """A grid's table.

    Attributes:
        title: Its heading; where it is empty, the grid's own title is taken.
        stage: The stage whose runs it shows; None for the grid's last. Several stand in one table, apart on
            the axis `stage`: a supervised run by its own head beside the probes of its encoder.
        rows: Axes down the side, the outermost first.
        columns: Axes along the top, the outermost first.
        metrics: What a cell shows, as `split/name`; the first leads and decides effects, the others stand beside.
        bold: Where the best value is set in bold: in each column, in each row, or nowhere.
        effects: The comparisons that are made, for each setting of the other axes; they are one family.
        digits: Decimal places.
    """

    title: str = ""
    stage: Names | None = None
    rows: Annotated[Names, Field(min_length=1)]
    columns: Names = ()
    metrics: Annotated[Names, Field(min_length=1)]
    bold: Literal["column", "row", "none"] = "column"
    effects: tuple[EffectSpec, ...] = ()
    digits: Annotated[int, Field(ge=1, le=6)] = 3

    @model_validator(mode="after")
    def _once(self) -> TableSpec:
        for kind, names in (("axis", (*self.rows, *self.columns)), ("metric", self.metrics)):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                what = f"the table names the {kind} {twice[0]!r} twice"
                raise ConfigError(what, where="table", mend="remove one of the two")
        return self

    def check(self, axes: Mapping[str, Sequence[str]]) -> None:
        """Hold the table against the grid that it is of.

        Args:
            axes: The values of each axis of the grid, as text.

        Raises:
            ConfigError: An axis or value that the grid does not have, or an axis of several values that
                neither rows nor columns separate, so that one cell would hold several.
        """
        known = {name: values for name, values in axes.items() if name not in NO_AXIS}
        if self.stage is not None and len(self.stage) > 1:
            known[STAGE] = self.stage
        for name in (*self.rows, *self.columns):
            _one_of(name, known, f"the table's axis {name!r} is none of this grid", "table")
        for index, effect in enumerate(self.effects):
            place = f"table.effects.{index}"
            _one_of(effect.axis, known, f"the effect's axis {effect.axis!r} is none of this grid", place)
            for value in (effect.treatment, effect.control):
                _one_of(value, known[effect.axis], f"{value!r} is no value of the axis {effect.axis!r}", place)
        for name, values in known.items():
            if len(set(values)) > 1 and name not in (*self.rows, *self.columns):
                raise ConfigError(
                    f"the axis {name!r} has {len(set(values))} values and stands neither in rows nor in columns",
                    where="table",
                    mend=f"add {name!r} to the table's rows or columns",
                )


def _one_of(value: str, legal: Iterable[str], what: str, where: str) -> None:
    if value not in legal:
        raise ConfigError(what, where=where, legal=legal, mend=did_you_mean(value, legal))
