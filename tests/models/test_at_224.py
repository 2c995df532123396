"""At the paper's size, 224 px: every encoder and every objective takes real steps through the training loop.

Two steps, for what lies before a norm that begins at zero moves from the second on.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

import pytest
import torch
from torch import Tensor, nn

from harness.config.read import read
from harness.distributed.world import World
from harness.models.branches import BranchModel
from harness.models.encoders import Encoder
from harness.models.expander import Expander
from harness.objectives import Objective
from harness.training.loop import fit
from harness.training.monitor import Monitor
from harness.training.optimiser import Adam
from harness.training.precision import Precision
from harness.training.recipe import Cadence, Recipe, Task
from harness.training.schedule import WarmupCosine

SIZE, GLOBAL_BATCH, STEPS, CLASSES = 224, 4, 2, 9
WIDTHS = {
    "resnet50": 2048,
    "mobilenetv2_100": 1280,
    "efficientnet_b0": 1280,
    "legacy_xception": 2048,
    "mobilenetv1_100": 1024,
    "tf_efficientnetv2_b0": 1280,
    "resnet18": 512,
    "keras_resnet50": 2048,
    "small_conv": 128,
}
"""The encoders' own widths, by timm's name where it is one of timm's."""
PAIRED = [name for name, member in sorted(Objective.catalogue().items()) if not member.needs_labels]
NARROW = Expander(width=32, depth=2)


class Trained(nn.Module):
    """Branches and the objective, which may learn, in one container."""

    def __init__(self, branches: BranchModel, objective: Objective) -> None:
        super().__init__()
        self.branches, self.objective = branches, objective.build()

    def forward(self, inputs: Sequence[Tensor]) -> dict[str, Tensor]:
        return self.objective(self.branches(inputs).embeddings)


class Classifier(nn.Module):
    """One branch, a linear head and an objective that needs labels."""

    def __init__(self, encoder: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.encoder, self.head = encoder, nn.Linear(encoder.num_features, CLASSES)
        self.objective = objective.build()

    def forward(self, inputs: Sequence[Tensor]) -> dict[str, Tensor]:
        labels = torch.tensor([0, 3, -1, 8])
        return self.objective([self.head(self.encoder(inputs[0]))], labels)


class Heard(Monitor):
    """Every step's metrics."""

    def __init__(self) -> None:
        self.values: list[Mapping[str, float]] = []

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        self.values.append(values)


def pair(encoder: str, objective: str, expander: Expander = NARROW) -> Trained:
    """Two branches that share an encoder and an expander: one is enough to see that it trains."""
    torch.manual_seed(0)
    settings = {"name": encoder} if encoder in Encoder.catalogue() else {"name": "timm", "model": encoder}
    module = read(Encoder, settings, "test").build(3)
    branches = BranchModel([module], [expander.build(module.num_features)], [(0, 0), (0, 0)])
    return Trained(branches, read(Objective, objective, "test"))


def images() -> Iterator[tuple[Tensor, Tensor]]:
    """Pairs that agree in part, a new batch each step."""
    generator = torch.Generator().manual_seed(0)
    while True:
        common, *own = torch.randn(3, GLOBAL_BATCH, 3, SIZE, SIZE, generator=generator)
        yield common + own[0], common + own[1]


def train(module: nn.Module, precision: Precision = "bf16") -> list[Mapping[str, float]]:
    """The metrics of each step; fails where a parameter has not moved that should have."""
    before = {name: each.detach().clone() for name, each in module.named_parameters()}
    heard = Heard()
    schedule = WarmupCosine(warmup_epochs=0).build(1e-3, 1, STEPS)
    task = Task(module, lambda model, batch: model(batch), lambda start: itertools.islice(images(), start, None), 4)
    recipe = Recipe(Adam().build, schedule, Cadence(1, STEPS), precision)
    fit(task, recipe, World(0, 1, torch.device("cpu")), heard)
    still = [name for name, each in module.named_parameters() if torch.equal(before[name], each.cpu())]
    # What a norm follows has a bias whose gradient is nothing but rounding.
    assert all(name.endswith(".bias") for name in still), still
    return heard.values


def assert_trained(found: list[Mapping[str, float]]) -> None:
    assert len(found) == STEPS
    for values in found:
        assert all(math.isfinite(value) for value in values.values()), values
        assert values["train/gradient_norm"] > 0


@pytest.mark.parametrize("name", WIDTHS)
def test_every_encoder_trains(name: str) -> None:
    model, width = pair(name, "vicreg"), WIDTHS[name]
    assert_trained(train(model))
    model.eval()
    with torch.no_grad():
        output = model.branches(next(images()))
    assert [tuple(each.shape) for each in output.representations] == [(GLOBAL_BATCH, width)] * 2
    assert [tuple(each.shape) for each in output.embeddings] == [(GLOBAL_BATCH, NARROW.width)] * 2
    assert all(each.isfinite().all() for each in [*output.representations, *output.embeddings])


@pytest.mark.parametrize("objective", PAIRED)
def test_every_objective_trains(objective: str) -> None:
    model = pair("small_conv", objective)
    assert_trained(train(model, "fp32"))


def test_the_supervised_objective_trains() -> None:
    torch.manual_seed(0)
    encoder = read(Encoder, "small_conv", "test").build(3)
    assert_trained(train(Classifier(encoder, read(Objective, "supervised", "test"))))


def test_the_papers_pair_of_resnet50_and_expander() -> None:
    """3 x 8192: 151,052,288 parameters beside the encoder's, 2.4 GB with their gradient and Adam's two."""
    model = pair("resnet50", "vicreg", Expander())
    assert sum(each.numel() for each in model.branches.expanders.parameters()) == 151_052_288
    assert_trained(train(model))
