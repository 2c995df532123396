"""The identity view: short form, channels, vectors, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.config.plain import to_plain
from harness.config.read import read
from harness.data.views import View
from harness.data.views.identity import Identity
from harness.errors import ConfigError, DataError

NONE = np.zeros(0, np.uint64)


def test_a_bare_name_is_a_modality_seen_as_it_is() -> None:
    view = read(View, "he", "here")
    assert to_plain(view) == {"name": "identity", "modality": "he", "partner": "self"}
    assert read(View, to_plain(view), "here") == view


def test_a_view_without_its_modality_is_an_error() -> None:
    with pytest.raises(ConfigError, match="'modality' is missing"):
        read(View, {"name": "identity"}, "here")


def test_three_channels_and_vectors_pass_through() -> None:
    view = Identity(modality="he").build()
    for x in (torch.zeros(2, 4, 4, 3, dtype=torch.uint8), torch.zeros(2, 7)):
        assert view(x, NONE) is x


def test_one_channel_is_repeated() -> None:
    x = torch.arange(32, dtype=torch.uint8).view(2, 4, 4, 1)
    y = Identity(modality="mask").build()(x, NONE)
    assert y.shape == (2, 4, 4, 3)
    assert all(torch.equal(y[..., channel], x[..., 0]) for channel in range(3))


@pytest.mark.parametrize("x", [torch.zeros(2, 4, 4, 4, dtype=torch.uint8), torch.zeros(2, 4, 4, 3), torch.zeros(3)])
def test_other_batches_are_named(x: torch.Tensor) -> None:
    with pytest.raises(DataError) as error:
        Identity(modality="he").build()(x, NONE)
    assert str(tuple(x.shape)) in str(error.value)
    assert str(x.dtype) in str(error.value)
    assert "1 or 3" in str(error.value)
