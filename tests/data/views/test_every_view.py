"""What every view promises; one that is added is found here by itself."""

from __future__ import annotations

import pytest
import torch

from harness.config.read import read
from harness.data.views import View
from support.augmenting import images


@pytest.mark.parametrize("name", View.catalogue())
@pytest.mark.parametrize("channels", [1, 3])
def test_promises(name: str, channels: int) -> None:
    view = read(View, {"name": name, "modality": "he"}, "here").build()
    x = images(4, channels=channels)
    before = x.clone()
    y = view(x)
    assert y.shape[0] == 4
    assert y.shape[3] == 3
    assert y.dtype == torch.uint8
    assert torch.equal(view(x), y)
    assert torch.equal(x, before)
