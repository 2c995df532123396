"""The replicated expander against the plain container: the same losses and gradients, and less on the wire."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from harness.distributed.world import World
from harness.models.encoders import Encoder
from harness.models.expander import Expander
from harness.objectives import Objective
from jobs.run.container import Container, Replicated
from support import ranks

GLOBAL = 12


def container(kind: type[Container], objective: str, shared: bool) -> Container:
    """In float64, its batch norms over all ranks."""
    torch.manual_seed(0)
    number = 1 if shared else 2
    encoders = [Encoder.parse({"name": "small_conv", "widths": (4, 6)}).build(3) for _ in range(number)]
    expanders = [Expander(width=16).build(6) for _ in range(number)]
    branches = [(0, 0), (number - 1, number - 1)]
    model = kind(encoders, expanders, branches, Objective.parse(objective).build(), torch.nn.Linear(6, 3)).double()
    model.synchronise()
    return model


def step(world: World, kind: type[Container], objective: str, shared: bool) -> tuple[float, dict[str, Tensor]]:
    """One backward pass of this rank's rows: the loss's mean over ranks is that of the global batch."""
    generator = torch.Generator().manual_seed(1)
    whole = [torch.rand(GLOBAL, 3, 8, 8, dtype=torch.float64, generator=generator) for _ in range(2)]
    share = GLOBAL // world.size
    own = slice(world.rank * share, (world.rank + 1) * share)
    model = container(kind, objective, shared)
    wrapped = DistributedDataParallel(model) if world.size > 1 else model
    output, terms = wrapped([x[own] for x in whole])
    online = output.online_logits.square().mean()
    (terms["loss"] + online).backward()
    return float(terms["loss"].detach()), {name: p.grad for name, p in model.named_parameters()}


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("objective", ["vicreg", "ntxent", "barlow_twins", "clip"])
def test_it_equals_the_plain_one(objective: str, shared: bool) -> None:
    (loss, wanted), *_ = ranks.run(step, 1, Container, objective, shared)
    for size in (1, 2, 3, 4):
        found = ranks.run(step, size, Replicated, objective, shared)
        for own_loss, gradients in found:
            assert own_loss == pytest.approx(loss, rel=1e-12), "each rank has the whole loss"
            for name, gradient in gradients.items():
                torch.testing.assert_close(gradient, wanted[name], rtol=1e-10, atol=1e-12, msg=f"{name}, {size} ranks")


def test_its_names_are_those_of_the_plain_one() -> None:
    names = [list(container(kind, "vicreg", False).state_dict()) for kind in (Container, Replicated)]
    assert names[0] == names[1]
    assert not any(name.startswith("objective") for name in names[0])


def _averaged(world: World) -> list[str]:
    """Which parameters DistributedDataParallel averages."""
    wrapped = DistributedDataParallel(container(Replicated, "vicreg", False))
    names = {id(parameter): name for name, parameter in wrapped.module.named_parameters()}
    return [names[id(parameter)] for parameter in wrapped._module_parameters]


def test_only_the_encoders_cross_the_network() -> None:
    for averaged in ranks.run(_averaged, 2):
        assert averaged
        assert not [name for name in averaged if name.startswith("expanders")]
