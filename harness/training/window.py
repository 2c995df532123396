"""Loss terms of the steps since the last log, kept on the device until they are read together.

Reading a number from an accelerator waits for it, so a loop that looks at every loss
runs at the pace of the slowest of its parts. This one looks every so many steps and
still knows each step's terms.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from harness.distributed.collectives import mean_over_ranks
from harness.errors import NonFiniteError
from harness.training.finite import MEND


class Window:
    """Terms by name, a row a step."""

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self._rows: list[Tensor] = []

    def add(self, terms: Mapping[str, Tensor]) -> None:
        """Remember one step's terms, which are scalars and the same ones at every step."""
        names = tuple(terms)
        assert not self._rows or names == self._names, f"terms {names} after {self._names}"
        self._names = names
        self._rows.append(torch.stack([terms[name].detach().to(torch.float64) for name in names]))

    def read(self, last_step: int, steps_per_epoch: int) -> dict[str, float]:
        """The mean of each term over ranks and the window's steps; the window is empty afterwards.

        All ranks must call it, and all get the same.

        Args:
            last_step: How many steps were done with the window's last one.
            steps_per_epoch: For the error's text.

        Raises:
            NonFiniteError: A term was not finite on some rank, naming the first step and its terms.
        """
        rows_KT = mean_over_ranks(torch.stack(self._rows)).cpu()
        self._rows = []
        bad_K = (~rows_KT.isfinite()).any(1)
        if bad_K.any():
            first = int(bad_K.int().argmax())
            step = last_step - len(rows_KT) + 1 + first
            raise self._not_finite(rows_KT[first], step, (step - 1) // steps_per_epoch)
        return dict(zip(self._names, rows_KT.mean(0).tolist(), strict=True))

    def _not_finite(self, row_T: Tensor, step: int, epoch: int) -> NonFiniteError:
        values = dict(zip(self._names, row_T.tolist(), strict=True))
        bad = [
            f"{name} is {values[name]}"
            for name, good in zip(values, row_T.isfinite().tolist(), strict=True)
            if not good
        ]
        return NonFiniteError(
            f"in step {step} (epoch {epoch}) {', '.join(bad)}",
            mend=MEND,
        )
