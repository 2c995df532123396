"""What every augmentation promises; one that is added is found here by itself."""

from __future__ import annotations

import pytest
import torch

from harness.config.plain import to_plain
from harness.config.read import read
from harness.data.augment import Augmentation
from harness.errors import DataError
from support.augmenting import images, keys

pytestmark = pytest.mark.usefixtures("form")

NAMES = list(Augmentation.catalogue())


def test_the_known_ones_are_found() -> None:
    assert {"none", "table_s1"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_promises(name: str) -> None:
    config = read(Augmentation, name, "here")
    assert read(Augmentation, to_plain(config), "here") == config
    augment, x, k = config.build(1), images(9), keys(9)
    y = augment(x, k, 2, 1)
    assert y.shape == (9, 3, 16, 16)
    assert y.dtype == torch.float32
    assert y.is_contiguous()
    assert y.min() >= 0
    assert y.max() <= 1
    assert torch.equal(config.build(1)(x, k, 2, 1), y)
    assert torch.allclose(augment(x[4:5], k[4:5], 2, 1), y[4:5], rtol=0, atol=1e-6)
    assert config.backend_on("cpu") in ("torch", "numba")
    assert config.backend_on("cuda") == "torch"
    vectors = torch.randn(9, 4)
    assert augment(vectors, k, 2, 1) is vectors
    with pytest.raises(DataError):
        augment(y, k, 2, 1)
