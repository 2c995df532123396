"""The optimiser's state, and with stage 2 the gradients, shared out over the ranks by DeepSpeed's ZeRO.

ZeRO lays the weights of a parameter group in a row, pads it to a multiple of the ranks
and gives each rank an equal piece. Here the pieces are put together again for a
checkpoint, which is the one that torch's own optimiser would write: any number of ranks
can go on from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from harness.distributed.collectives import all_ranks
from harness.distributed.world import World
from harness.errors import ConfigError
from harness.training.engines.running import MakeOptimiser, Running
from harness.training.engines.running.deepspeed import initialised
from harness.training.engines.running.replicas import place
from harness.training.precision import Precision

ELEMENTWISE = (torch.optim.Adam, torch.optim.AdamW)
"""Optimisers that update each number by itself, so that a piece of a tensor can be updated without the rest."""


class Shards(Running):
    """DeepSpeed's engine, on two ranks or more.

    Args:
        module: What is trained.
        optimiser: Makes its optimiser.
        world: The ranks.
        precision: Of the forward passes.
        zero_stage: 1 shares out the optimiser's state, 2 the gradients too.

    Raises:
        ConfigError: The optimiser looks at whole tensors.
    """

    def __init__(
        self, module: nn.Module, optimiser: MakeOptimiser, world: World, precision: Precision, zero_stage: int
    ) -> None:
        place(module, world, channels_last=False)
        made = optimiser(module.parameters())
        _check_elementwise(made)
        self._groups = [list(group["params"]) for group in made.param_groups]
        self._engine = initialised(module, made, world, precision, zero_stage)
        self._world = world
        super().__init__(module, self._engine, made)

    def rehearse(self, loss: Callable[[], Tensor]) -> None:
        """Nothing: gradients are summed in the order in which a backward pass makes them, the first one's too."""

    def backward(self, loss: Tensor) -> None:
        """See `Running.backward`."""
        self._engine.backward(loss)

    def gradient_norm(self) -> Tensor:
        """See `Running.gradient_norm`."""
        pieces = [piece for group in self._engine.optimizer.averaged_gradients.values() for piece in group]
        norm: Tensor = torch.linalg.vector_norm(all_ranks(torch.nn.utils.get_total_norm(pieces).reshape(1)))
        return norm

    def _step(self) -> None:
        self._engine.step()

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """See `Running.tensors`."""
        yield from self.module.state_dict().items()
        names = {parameter: name for name, parameter in self.module.named_parameters()}
        for parameter, values in self._gathered():
            yield from ((f"{key} of {names[parameter]}", value) for key, value in values.items())

    def state(self) -> dict[str, Any]:
        """See `Running.state`."""
        groups, count = [], 0
        for group, parameters in zip(self.optimiser.param_groups, self._groups, strict=True):
            settings = {key: value for key, value in group.items() if key != "params"}
            groups.append({**settings, "params": list(range(count, count + len(parameters)))})
            count += len(parameters)
        state = {index: values for index, (_, values) in enumerate(self._gathered())}
        return {"model": self.module.state_dict(), "optimiser": {"state": state, "param_groups": groups}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See `Running.restore`."""
        self.module.load_state_dict(state["model"])
        self._engine.optimizer.refresh_fp32_params()
        rest = list(state["optimiser"]["state"].values())
        if len(rest) != sum(map(len, self._groups)):
            raise ValueError(f"its optimiser has a state for {len(rest)} parameters")
        for group, parameters in zip(self.optimiser.param_groups, self._groups, strict=True):
            states, rest = rest[: len(parameters)], rest[len(parameters) :]
            (piece,) = group["params"]
            self.optimiser.state[piece] = {key: self._share(key, states, piece) for key in states[0]}

    def _gathered(self) -> Iterator[tuple[nn.Parameter, dict[str, Tensor]]]:
        """Each parameter with what the optimiser keeps of it, put together from every rank's piece."""
        for group, parameters in zip(self.optimiser.param_groups, self._groups, strict=True):
            (piece,) = group["params"]
            rows = {key: self._row(value) for key, value in self.optimiser.state[piece].items()}
            begin = 0
            for parameter in parameters:
                end = begin + parameter.numel()
                cut = {key: row[begin:end].view_as(parameter) if row.dim() else row for key, row in rows.items()}
                yield parameter, {key: value.clone() for key, value in cut.items()}
                begin = end

    @staticmethod
    def _row(value: Tensor) -> Tensor:
        """The row that a rank has a piece of; a scalar, such as the number of steps, is every rank's."""
        return all_ranks(value).flatten() if value.dim() else value

    def _share(self, key: str, states: list[dict[str, Tensor]], piece: Tensor) -> Tensor:
        """This rank's piece of the row that the parameters' states make."""
        if states[0][key].dim() == 0:
            return states[0][key].clone()
        row = torch.cat([state[key].flatten() for state in states])
        row = nn.functional.pad(row, (0, piece.numel() * self._world.size - row.numel()))
        return row.chunk(self._world.size)[self._world.rank].to(piece.device, copy=True)


def _check_elementwise(optimiser: torch.optim.Optimizer) -> None:
    if type(optimiser) not in ELEMENTWISE:
        raise ConfigError(
            f"the engine deepspeed cannot share out the optimiser {type(optimiser).__name__}: a rank gets pieces of "
            "tensors, and this optimiser looks at whole ones",
            where="engine",
            legal=[kind.__name__ for kind in ELEMENTWISE],
            mend="choose the engine ddp",
        )
