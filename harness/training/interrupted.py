"""A run that was asked to stop, and did so after a checkpoint."""

from __future__ import annotations


class Interrupted(Exception):  # noqa: N818 - it is no error: the run goes on from here
    """The loop ended early because it was asked to.

    Attributes:
        step: Optimiser steps done; a checkpoint covers them where the run keeps any.
    """

    def __init__(self, step: int) -> None:
        self.step = step
        super().__init__(f"interrupted after step {step}")
