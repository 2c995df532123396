"""What every view promises; one that is added is found here by itself."""

from __future__ import annotations

import pytest
import torch

from harness.config.read import read
from harness.data.views import View
from support.augmenting import images, keys


@pytest.mark.parametrize("name", View.catalogue())
def test_promises(name: str) -> None:
    """Bytes of three channels, the same ones for a sample in every batch; what it was given is left alone."""
    view = read(View, f"{name}:he", "here").build()
    x, of = given(name), keys(5)
    before = x.clone()
    y = view(x, of)
    assert y.shape == (5, 16, 16, 3)
    assert y.dtype == torch.uint8
    assert torch.equal(view(x, of), y)
    assert torch.equal(x, before)
    some = [3, 0]
    assert torch.equal(view(x[some], of[some]), y[some])


@pytest.mark.parametrize("name", View.catalogue())
def test_its_title_tells_it_from_every_other(name: str) -> None:
    titles = [read(View, f"{other}:he", "here").title for other in View.catalogue()]
    shuffled = read(View, {"name": name, "modality": "he", "partner": "group"}, "here").title
    assert len({*titles, shuffled}) == len(titles) + 1


def given(name: str) -> torch.Tensor:
    """A batch that the view is made for."""
    if name == "mask":
        return images(5, channels=1) % 6
    return images(5, side=16)
