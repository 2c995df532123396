"""The expander's size, and its forward pass against the layers written out."""

import pytest
import torch

from harness.config.read import read
from harness.errors import ConfigError
from harness.models.expander import Expander


def test_the_papers_has_the_authors_number_of_parameters() -> None:
    with torch.device("meta"):
        expander = Expander().build(2048)
    assert sum(p.numel() for p in expander.parameters()) == 151_052_288 == Expander().parameters(2048)
    assert expander.num_features == 8192


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_it_is_dense_bn_relu_and_dense(depth: int) -> None:
    torch.manual_seed(0)
    expander = Expander(width=6, depth=depth).build(4).double()
    x_BF = torch.randn(10, 4, dtype=torch.float64)
    h = x_BF
    for block in expander.hidden:
        h = h @ block[0].weight.T + block[0].bias
        h = torch.relu((h - h.mean(0)) / (h.var(0, unbiased=False) + 1e-5).sqrt())
    expected = h @ expander.last.weight.T + expander.last.bias
    torch.testing.assert_close(expander(x_BF), expected, rtol=1e-12, atol=1e-12)
    assert len(expander.hidden) == depth - 1
    assert sum(p.numel() for p in expander.parameters()) == Expander(width=6, depth=depth).parameters(4)


def test_a_depth_of_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="'depth'"):
        read(Expander, {"depth": 0}, "grid.yaml")


def test_the_authors_begins_and_norms_as_keras_does() -> None:
    torch.manual_seed(0)
    expander = Expander(width=64, batch_norm_eps=1e-3, batch_norm_momentum=0.01, initialisation="glorot").build(32)
    assert {(norm.eps, norm.momentum) for norm in expander.norms()} == {(1e-3, 0.01)}
    dense = [layer for layer in expander.modules() if isinstance(layer, torch.nn.Linear)]
    assert len(dense) == 3
    for layer in dense:
        bound = (6 / (layer.in_features + layer.out_features)) ** 0.5
        assert layer.bias.abs().max() == 0
        assert 0.97 * bound < float(layer.weight.detach().abs().max()) <= bound
        assert float(layer.weight.detach().std()) == pytest.approx(bound / 3**0.5, rel=0.05), "uniform up to the bound"


def test_a_new_setting_at_its_old_value_changes_nothing() -> None:
    """Weights of runs that were made before the settings were there."""
    torch.manual_seed(0)
    one = Expander(width=8).build(4).state_dict()
    torch.manual_seed(0)
    other = (
        Expander(width=8, initialisation="torch", batch_norm_eps=1e-5, batch_norm_momentum=0.1).build(4).state_dict()
    )
    assert all(torch.equal(one[name], other[name]) for name in one)
