from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from harness.data.images import UnreadableImageError, decoded
from harness.errors import DataError

NOISE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
PATH = Path("he/0001.png")


def encoded(image: Image.Image, kind: str = "PNG", **more: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **more)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
@pytest.mark.parametrize("pixels", [NOISE, NOISE[..., 0]], ids=["colour", "grey"])
def test_pixels_come_as_they_are(kind: str, pixels: np.ndarray) -> None:
    found = decoded(encoded(Image.fromarray(pixels), kind), PATH)
    assert found.dtype == np.uint8
    assert found.shape == (32, 32, 3 if pixels.ndim == 3 else 1)
    assert np.array_equal(found.reshape(pixels.shape), pixels)


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes(255 - byte for byte in content[middle : middle + 64]) + content[middle + 64 :]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_file_cut_short_is_unreadable(kind: str) -> None:
    content = encoded(Image.fromarray(NOISE), kind)
    with pytest.raises(UnreadableImageError) as caught:
        decoded(content[: len(content) * 2 // 3], PATH)
    assert "'he/0001.png' cannot be read" in str(caught.value)
    assert "data.bad_images" in str(caught.value)


@pytest.mark.parametrize("break_", [flipped, lambda content: b"", lambda content: b"no image at all"])
def test_an_altered_file_is_unreadable(break_: Callable[[bytes], bytes]) -> None:
    with pytest.raises(UnreadableImageError, match=r"he/0001\.png"):
        decoded(break_(encoded(Image.fromarray(NOISE))), PATH)


@pytest.mark.parametrize("mode", ["RGBA", "CMYK", "P", "1", "LA", "I;16", "F"])
def test_other_kinds_of_image_are_named(mode: str) -> None:
    image = Image.fromarray(NOISE).convert(mode) if mode != "I;16" else Image.fromarray(NOISE[..., 0].astype(np.uint16))
    with pytest.raises(DataError) as caught:
        decoded(encoded(image, "TIFF"), PATH)
    assert not isinstance(caught.value, UnreadableImageError), "no share of these is tolerated"
    assert f"'he/0001.png' has the mode {mode}" in str(caught.value)
    assert "8-bit grey (L) or RGB" in str(caught.value)


def test_a_stack_of_pages_is_refused() -> None:
    page = Image.fromarray(NOISE)
    with pytest.raises(DataError, match="holds 2 pages"):
        decoded(encoded(page, "TIFF", save_all=True, append_images=[page]), PATH)


def test_an_image_that_is_not_square_is_named() -> None:
    with pytest.raises(DataError, match=r"'he/0001\.png' has 32 x 24 pixels") as caught:
        decoded(encoded(Image.fromarray(NOISE[:24])), PATH)
    assert "square patches" in str(caught.value)
