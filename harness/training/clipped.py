"""Adam as the paper's authors run it: each tensor's gradient is cut, and eps is TensorFlow's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn


class ClippedAdam(torch.optim.Adam):
    """torch's Adam after a cut of each gradient, with either form of eps.

    A tensor's gradient g of a mean over N samples becomes N g c / max(|N g|, c) for a cut
    of the sum's gradient to the length c. Cutting tensor by tensor makes no difference
    between one optimiser over all tensors and one for each network.

    Args:
        parameters: What it moves.
        settings: torch's own, among them ``eps`` and ``betas``.
        clip_norm: c; None cuts nothing.
        scale: N.
        uncorrected_eps: Whether eps is added to the root of the mean square as it is: in
            torch's form that is eps / sqrt(1 - beta2^t) at step t.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        settings: Mapping[str, Any],
        *,
        clip_norm: float | None,
        scale: int,
        uncorrected_eps: bool,
    ) -> None:
        super().__init__(parameters, **settings)
        self._eps, self._beta = settings["eps"], settings["betas"][1]
        self._clip_norm, self._scale, self._uncorrected = clip_norm, scale, uncorrected_eps

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Cut the gradients, in place, and take a step."""
        assert closure is None, "gradients are cut before the step, so they must be there"
        for group in self.param_groups:
            moved = [parameter for parameter in group["params"] if parameter.grad is not None]
            if self._clip_norm is not None:
                cut([parameter.grad for parameter in moved], self._clip_norm, self._scale)
            if self._uncorrected and moved:
                group["eps"] = self._eps / (1 - self._beta ** (self._done(moved[0]) + 1)) ** 0.5
        super().step()
        return None

    def _done(self, parameter: nn.Parameter) -> float:
        state = self.state.get(parameter, {})
        return float(state["step"]) if "step" in state else 0.0


def cut(gradients: list[torch.Tensor], norm: float, scale: int) -> None:
    """Each gradient times `scale`, then to a length of `norm` at most, in place."""
    for gradient in gradients:
        length = torch.linalg.vector_norm(gradient) * scale
        gradient.mul_(scale * norm / length.clamp_min(norm))
