"""What our own encoders and the expander give for a seed and an input.

A number that changes here changes every result made under the same id: raise the
component's `revision` together with it.
"""

import pytest
import torch

from harness.models.encoders import Encoder
from harness.models.encoders.mlp import MLP
from harness.models.encoders.small_conv import SmallConv
from harness.models.initialisation import initialised


@pytest.mark.parametrize(
    ("config", "shape", "revision", "expected"),
    [
        (SmallConv(), (4, 3, 32, 32), 1, (0.39820343, 0.38136190)),
        (MLP(), (4, 20), 1, (0.43231082, 0.57461518)),
    ],
)
def test_first_outputs(config: Encoder, shape: tuple[int, ...], revision: int, expected: tuple[float, float]) -> None:
    encoder = initialised(lambda: config.build(shape[1]), 0, "encoder", 0)
    count = torch.tensor(shape).prod().item()
    h_BF = encoder(torch.linspace(-1, 1, int(count)).sin().reshape(shape))
    assert config.revision == revision
    assert (h_BF.mean().item(), h_BF.std().item()) == pytest.approx(expected, rel=1e-5)
