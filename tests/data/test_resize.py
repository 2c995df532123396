from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from harness.data.resize import area_resized, nearest_resized


def slow_mean(image: np.ndarray, size: int, row: int, column: int) -> int:
    """One output pixel in fractions: the mean over its square, rounded half up."""
    native = len(image)
    step = Fraction(native, size)
    weights = [
        [max(Fraction(0), min((index + 1) * step, pixel + 1) - max(index * step, pixel)) for pixel in range(native)]
        for index in (row, column)
    ]
    total = sum(
        down * across * int(image[y, x])
        for y, down in enumerate(weights[0])
        if down
        for x, across in enumerate(weights[1])
        if across
    )
    return int(total / step**2 + Fraction(1, 2))


@pytest.mark.parametrize(("native", "size"), [(8, 4), (8, 3), (9, 7), (7, 6), (5, 1), (6, 6)])
def test_area_equals_exact_fractions(native: int, size: int) -> None:
    image = np.random.default_rng(native * size).integers(0, 256, (native, native, 3), dtype=np.uint8)
    expected = [
        [[slow_mean(image[..., channel], size, row, column) for channel in range(3)] for column in range(size)]
        for row in range(size)
    ]
    assert area_resized(image, size).tolist() == expected


@pytest.mark.parametrize(("native", "size"), [(256, 64), (256, 224), (1000, 77)])
def test_area_at_real_sizes_is_within_rounding_of_float64(native: int, size: int) -> None:
    image = np.random.default_rng(0).integers(0, 256, (native, native, 1), dtype=np.uint8)
    edges = np.linspace(0, native, size + 1)
    pixel = np.arange(native)
    shares = np.clip(np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel), 0, None)
    exact = shares @ image[..., 0].astype(np.float64) @ shares.T / (native / size) ** 2
    assert np.abs(area_resized(image, size)[..., 0] - exact).max() < 0.5 + 1e-6


def test_white_stays_white_at_a_large_side() -> None:
    white = np.full((4097, 4097, 1), 255, np.uint8)
    assert (area_resized(white, 1000) == 255).all()


def test_nearest_takes_the_pixel_under_the_centre_and_makes_no_new_value() -> None:
    image = np.array([[0, 0, 5, 5], [0, 0, 5, 5], [1, 1, 3, 3], [1, 1, 3, 3]], np.uint8)[..., None]
    assert nearest_resized(image, 2)[..., 0].tolist() == [[0, 5], [1, 3]]
    ramp = np.arange(81, dtype=np.uint8).reshape(9, 9, 1)
    assert nearest_resized(ramp, 3)[..., 0].tolist() == [[10, 13, 16], [37, 40, 43], [64, 67, 70]]
    assert nearest_resized(ramp, 9).tolist() == ramp.tolist()
