"""Table S1 as slow float64 NumPy and plain Python, one image at a time, sharing nothing with the batched code.

Images are (H, W, C) in float64 on 0 to 1.
"""

from __future__ import annotations

import colorsys
import math

import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.float64]
WORD = 2**32


def philox(counter: tuple[int, ...], key: tuple[int, int]) -> tuple[int, ...]:
    """One block of Philox 4x32-10 in Python's own integers."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        first, second = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = second // WORD ^ c1 ^ k0, second % WORD, first // WORD ^ c3 ^ k1, first % WORD
        k0, k1 = (k0 + 0x9E3779B9) % WORD, (k1 + 0xBB67AE85) % WORD
    return c0, c1, c2, c3


def draws(seed: int, epoch: int, key: int, branch: int, operation: int, count: int) -> list[float]:
    """The documented layout of a draw, worked out block by block."""
    numbers: list[float] = []
    for block in range((count + 1) // 2):
        counter = (key % WORD, key // WORD, epoch, branch * 2**24 + operation * 2**12 + block)
        words = philox(counter, (seed % WORD, seed // WORD))
        numbers += [(words[i] // 2**5 * 2**26 + words[i + 1] // 2**6) / 2**53 for i in (0, 2)]
    return numbers[:count]


def flip(image: Image, lr: bool, ud: bool) -> Image:
    image = image[:, ::-1] if lr else image
    return image[::-1] if ud else image


def crop_box(shape: tuple[int, ...], height: float, width: float, top: float, left: float) -> tuple[int, int, int, int]:
    """Top, left, height and width in px from parts of the sides."""
    rows, columns = int(height * shape[0]), int(width * shape[1])
    return int(top * (shape[0] - rows + 1)), int(left * (shape[1] - columns + 1)), rows, columns


def resize(image: Image, height: int, width: int) -> Image:
    """Bilinear about half-pixel centres, edges repeated, no antialiasing."""
    result = np.empty((height, width, image.shape[2]))
    for i in range(height):
        for j in range(width):
            y = max((i + 0.5) * image.shape[0] / height - 0.5, 0.0)
            x = max((j + 0.5) * image.shape[1] / width - 0.5, 0.0)
            result[i, j] = _bilinear(image, y, x, repeat=True)
    return result


def rotate(image: Image, angle: float, nearest: bool = False) -> Image:
    """Anticlockwise about the centre in radians; outside is 0."""
    height, width, _ = image.shape
    result = np.zeros_like(image)
    for i in range(height):
        for j in range(width):
            up, right = (height - 1) / 2 - i, j - (width - 1) / 2
            source_right = math.cos(angle) * right + math.sin(angle) * up
            source_up = -math.sin(angle) * right + math.cos(angle) * up
            y, x = (height - 1) / 2 - source_up, (width - 1) / 2 + source_right
            result[i, j] = _nearest(image, y, x) if nearest else _bilinear(image, y, x, repeat=False)
    return result


def _bilinear(image: Image, y: float, x: float, repeat: bool) -> Image:
    top, left = math.floor(y), math.floor(x)
    total = np.zeros(image.shape[2])
    for i, weight_y in ((top, 1 - (y - top)), (top + 1, y - top)):
        for j, weight_x in ((left, 1 - (x - left)), (left + 1, x - left)):
            total += weight_y * weight_x * _pixel(image, i, j, repeat)
    return total


def _nearest(image: Image, y: float, x: float) -> Image:
    return _pixel(image, round(y), round(x), repeat=False)


def _pixel(image: Image, i: int, j: int, repeat: bool) -> Image:
    height, width, channels = image.shape
    if repeat:
        return image[min(max(i, 0), height - 1), min(max(j, 0), width - 1)]
    return image[i, j] if 0 <= i < height and 0 <= j < width else np.zeros(channels)


def mix(word: int) -> int:
    """The noise's hash in Python's own integers."""
    for shift, multiplier in ((16, 0x236F7153), (12, 0x33CD8663), (15, 0x3E06B66B)):
        word = (word ^ word >> shift) * multiplier % WORD
    return word ^ word >> 16


def noise_words(key: tuple[int, int], place: int) -> tuple[int, int]:
    one = mix((mix(place ^ key[0]) + key[1]) % WORD)
    return one, mix(one ^ (key[0] + 1) % WORD)


def normal(key: tuple[int, int], shape: tuple[int, int, int]) -> Image:
    """Normal numbers for an image of (C, H, W) by Box and Muller, given back as (H, W, C)."""
    count = math.prod(shape)
    half = (count + 1) // 2
    cosines, sines = [], []
    for place in range(half):
        one, two = (word // 2**8 for word in noise_words(key, place))
        radius, angle = math.sqrt(-2 * math.log((one + 1) / 2**24)), 2 * math.pi * two / 2**24
        cosines.append(radius * math.cos(angle))
        sines.append(radius * math.sin(angle))
    return np.array(cosines + sines)[:count].reshape(shape).transpose(1, 2, 0)


def uniform(key: tuple[int, int], shape: tuple[int, int, int]) -> Image:
    """Numbers in [0, 1) for an image of (C, H, W), given back as (H, W, C): all first words, then all second ones."""
    count = math.prod(shape)
    pairs = [noise_words(key, place) for place in range((count + 1) // 2)]
    numbers = [word // 2**8 / 2**24 for word in [one for one, _ in pairs] + [two for _, two in pairs]]
    return np.array(numbers[:count]).reshape(shape).transpose(1, 2, 0)


def background_noise(image: Image, key: tuple[int, int], sigma: float) -> Image:
    height, width, channels = image.shape
    noise = sigma * normal(key, (channels, height, width))
    return np.where((image == 0).all(axis=2, keepdims=True), np.clip(noise, 0, 1), image)


def solarize(image: Image, threshold: float) -> Image:
    return np.where(image >= threshold, 1 - image, image)


def jitter(image: Image, brightness: float, contrast: float, saturation: float, hue: float) -> Image:
    image = np.clip(image * brightness, 0, 1)
    image = np.clip(contrast * image + (1 - contrast) * _grey(image).mean(), 0, 1)
    image = np.clip(saturation * image + (1 - saturation) * _grey(image), 0, 1)
    return turn_hue(image, hue)


def turn_hue(image: Image, turn: float) -> Image:
    """By Python's own conversion to HSV and back."""
    pixels = [colorsys.rgb_to_hsv(*pixel) for pixel in image.reshape(-1, 3)]
    return np.array([colorsys.hsv_to_rgb((h + turn) % 1.0, s, v) for h, s, v in pixels]).reshape(image.shape)


def _grey(image: Image) -> Image:
    return (image @ np.array([0.2989, 0.587, 0.114]))[..., None]


def table_s1(image: Image, seed: int, epoch: int, key: int, branch: int) -> Image:
    """The whole of Table S1 at its default settings."""
    flips, crop, noise, rotation, solarized, colour = (draws(seed, epoch, key, branch, op, 6) for op in range(6))
    image = flip(image, flips[0] < 0.5, flips[1] < 0.5)
    top, left, height, width = crop_box(image.shape, 0.75 + 0.25 * crop[1], 0.75 + 0.25 * crop[2], crop[3], crop[4])
    image = resize(image[top : top + height, left : left + width], *image.shape[:2])
    if noise[0] < 0.3:
        image = background_noise(image, (int(noise[1] * WORD), int(noise[2] * WORD)), 0.1)
    if rotation[0] < 0.4:
        image = rotate(image, math.pi * rotation[1])
    if solarized[0] < 0.3:
        image = solarize(image, solarized[1])
    factors = [0.6 + 0.8 * number for number in colour[1:4]]
    return jitter(image, *factors, 0.2 * colour[4] - 0.1)


def authors_noise(image: Image, key: tuple[int, int]) -> Image:
    """Numbers from 0 to 256 of 255, in each channel by itself, where it is exactly 0."""
    height, width, channels = image.shape
    return np.where(image == 0, 256 * uniform(key, (channels, height, width)) / 255, image)


def authors_jitter(image: Image, brightness: float, contrast: float, saturation: float, hue: float) -> Image:
    """Brightness in grey levels of 255; nothing is cut before the end."""
    image = image + brightness / 255
    mean = image.mean(axis=(0, 1))
    image = (image - mean) * contrast + mean
    pixels = [authors_hsv(tuple(pixel), saturation, hue) for pixel in image.reshape(-1, 3)]
    return np.clip(np.array(pixels).reshape(image.shape), 0, 1)


def authors_hsv(pixel: tuple[float, float, float], saturation: float, turn: float) -> tuple[float, float, float]:
    """Through HSV and back, by Python's own conversion; what is not above 0 has no saturation."""
    if max(pixel) <= 0:
        return (max(pixel),) * 3
    h, s, v = colorsys.rgb_to_hsv(*pixel)
    return colorsys.hsv_to_rgb((h + turn) % 1.0, min(1.0, s * saturation), v)


def table_s1_authors(image: Image, seed: int, epoch: int, key: int, branch: int) -> Image:
    """The whole of the authors' chain."""
    flips, crop, noise, rotation, solarized, colour = (draws(seed, epoch, key, branch, op, 6) for op in range(6))
    image = flip(image, flips[0] < 0.5, flips[1] < 0.5)
    top, left, height, width = crop_box(image.shape, 0.75 + 0.25 * crop[1], 0.75 + 0.25 * crop[2], crop[3], crop[4])
    image = resize(image[top : top + height, left : left + width], *image.shape[:2])
    if noise[0] < 0.3:
        image = authors_noise(image, (int(noise[1] * WORD), int(noise[2] * WORD)))
    if rotation[0] < 0.4:
        image = rotate(image, math.pi * rotation[1], nearest=True)
    if solarized[0] < 0.3:
        image = solarize(image, (0.01 + 0.59 * solarized[1]) / 255)
    factors = [0.6 + 0.8 * number for number in colour[2:4]]
    return authors_jitter(image, 0.8 * colour[1] - 0.4, *factors, 0.2 * colour[4] - 0.1)
