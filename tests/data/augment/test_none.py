"""No augmentation is the conversion to numbers alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from harness.config.read import read
from harness.data.augment import Augmentation
from harness.errors import DataError
from support.augmenting import images, keys


def test_bytes_become_numbers() -> None:
    x = images(3)
    y = read(Augmentation, "none", "here").build(0)(x, keys(3), 0, 0)
    assert y.is_contiguous()
    assert y.dtype == torch.float32
    assert np.array_equal(y.numpy(), x.numpy().transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255))


def test_vectors_pass_through() -> None:
    x = torch.randn(3, 5)
    assert read(Augmentation, "none", "here").build(0)(x, keys(3), 0, 0) is x


def test_other_batches_are_named() -> None:
    with pytest.raises(DataError, match=r"\(2, 8, 8, 2\)"):
        read(Augmentation, "none", "here").build(0)(images(2, side=8, channels=2), keys(2), 0, 0)
