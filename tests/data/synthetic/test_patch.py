from __future__ import annotations

import hashlib

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.data.synthetic import NUCLEI, SampleSpec
from harness.data.synthetic.fields import blur, disc, noise
from harness.data.synthetic.patch import Patch, make_patch
from harness.data.synthetic.rows import rows_of
from harness.data.synthetic.spec import FIELD, NEOPLASTIC

SPEC = SampleSpec(patches=60, regions=10)
LABELS_SHA256 = "a24366d72321bf5e73377cd7f6cfc6254c811031bb9631d19ee3c7b221f065a4"
GOLDEN = {
    (0, "he"): [[172.2, 171.2], [161.9, 154.4]],
    (0, "marker"): [[5.9, 10.4], [11.6, 12.2]],
    (0, "rescan"): [[162.6, 166.6], [158.5, 155.1]],
    (0, "mask"): [[0.7, 1.4], [1.2, 1.8]],
    (17, "he"): [[157.2, 162.3], [155.8, 164.3]],
    (17, "marker"): [[58.0, 60.2], [33.3, 44.3]],
    (17, "rescan"): [[161.0, 166.2], [160.5, 167.3]],
    (17, "mask"): [[0.6, 0.5], [0.3, 0.8]],
}
"""Mean grey of the quarters of an image, by number of the patch."""


@pytest.fixture(scope="module")
def patches() -> list[Patch]:
    return [make_patch(SPEC, row) for row in rows_of(SPEC)]


def coarse(patch: Patch, name: str) -> NDArray[np.float64]:
    """A 2 x 2 version of an image's grey, which a last bit does not move."""
    image = patch.images[name].astype(float)
    grey = image.mean(axis=2) if image.ndim == 3 else image
    return grey.reshape(2, 24, 2, 24).mean(axis=(1, 3)).round(1)


def test_the_generator_is_frozen(patches: list[Patch]) -> None:
    """A changed sample set needs a higher `REVISION`, new figures in docs/log.md and then new numbers here."""
    made = zip(rows_of(SPEC), patches, strict=True)
    labels = ";".join(f"{row.id},{row.split},{row.tissue},{patch.counts}" for row, patch in made)
    assert hashlib.sha256(labels.encode()).hexdigest() == LABELS_SHA256
    for (number, name), wanted in GOLDEN.items():
        assert np.allclose(coarse(patches[number], name), wanted, atol=0.3), (number, name)


def test_images_have_the_declared_shapes(patches: list[Patch]) -> None:
    for patch in patches:
        shapes = {name: image.shape for name, image in patch.images.items()}
        assert shapes == {"he": (48, 48, 3), "marker": (48, 48), "rescan": (48, 48, 3), "mask": (48, 48)}
        assert {image.dtype for image in patch.images.values()} == {np.dtype(np.uint8)}


@pytest.mark.parametrize("size", [32, 65, 96])
def test_any_size_shows_the_same_field(size: int, patches: list[Patch]) -> None:
    made = make_patch(SPEC.model_copy(update={"size": size}), rows_of(SPEC)[1])
    assert made.images["he"].shape == (size, size, 3)
    assert made.counts == patches[1].counts
    share, wanted = (_shares(mask) for mask in (made.images["mask"], patches[1].images["mask"]))
    assert np.allclose(share, wanted, atol=0.02)


def _shares(mask: NDArray[np.uint8]) -> NDArray[np.float64]:
    return np.bincount(mask.ravel(), minlength=6) / mask.size


def test_a_patch_is_the_same_bytes_whenever_it_is_made(patches: list[Patch]) -> None:
    larger = SPEC.model_copy(update={"patches": 90})
    for number in (7, 3):
        again = make_patch(larger, rows_of(larger)[number])
        for name, image in patches[number].images.items():
            assert again.images[name].tobytes() == image.tobytes()


def test_seed_and_row_change_every_image(patches: list[Patch]) -> None:
    rows = rows_of(SPEC)
    others = [make_patch(SPEC.model_copy(update={"seed": 1}), rows[0]), patches[1], patches[10]]
    for other in others:
        for name, image in patches[0].images.items():
            assert not np.array_equal(image, other.images[name])


def test_the_mask_shows_the_types_that_were_counted(patches: list[Patch]) -> None:
    """Each type's share of the mask follows its number of nuclei, and no type appears from nowhere."""
    areas = np.array([np.bincount(patch.images["mask"].ravel(), minlength=6) for patch in patches])
    counts = np.array([patch.counts for patch in patches])
    assert np.all(areas[:, 1:][counts[:, 1:] == 0] == 0)
    for kind in range(1, len(NUCLEI)):
        assert np.corrcoef(areas[:, kind], counts[:, kind])[0, 1] > 0.8
    assert all(patch.cell == max(range(6), key=lambda kind: (patch.counts[kind], -kind)) for patch in patches)


def test_the_marker_shines_in_neoplastic_nuclei_only(patches: list[Patch]) -> None:
    inside = np.concatenate([patch.images["marker"][patch.images["mask"] == NEOPLASTIC] for patch in patches])
    other = np.concatenate([patch.images["marker"][patch.images["mask"] > NEOPLASTIC] for patch in patches])
    assert np.median(inside) > 5 * np.median(other)
    assert np.quantile(other, 0.9) < np.quantile(inside, 0.25)


def test_the_nuclei_are_dark_in_both_sections(patches: list[Patch]) -> None:
    for name in ("he", "rescan"):
        red = np.concatenate([patch.images[name][..., 0].ravel() for patch in patches]).astype(float)
        nuclear = np.concatenate([patch.images["mask"].ravel() > 0 for patch in patches])
        assert red[nuclear].mean() < red[~nuclear].mean() - 40


def test_the_rescan_is_the_same_tissue_in_another_image(patches: list[Patch]) -> None:
    def alike(one: Patch, other: Patch) -> float:
        grey, again = (patch.images[name].mean(axis=2).ravel() for patch, name in ((one, "he"), (other, "rescan")))
        return float(np.corrcoef(grey, again)[0, 1])

    same = [alike(patch, patch) for patch in patches]
    assert 0.9 < np.median(same) < 0.9999
    assert min(same) > 0.6
    assert np.median([alike(patch, other) for patch, other in zip(patches, patches[10:], strict=False)]) < 0.3


def test_noise_has_unit_variance_and_its_length() -> None:
    fine, coarse_ = (noise(np.random.default_rng(0), 96, length) for length in (0.5, 4.0))
    for field in (fine, coarse_):
        assert field.std() == pytest.approx(1.0, abs=1e-3)
    assert np.abs(np.diff(coarse_, axis=0)).mean() < 0.3 * np.abs(np.diff(fine, axis=0)).mean()


def test_blur_is_a_gaussian_of_its_sigma() -> None:
    point = np.zeros((96, 96), np.float32)
    point[48, 48] = 1.0
    blurred, sigma = blur(point, 2.0), 2.0 * 96 / FIELD
    away = np.arange(96) - 48
    line = np.exp(-(away**2) / (2 * sigma**2))
    assert np.allclose(blurred, np.outer(line, line) / line.sum() ** 2, atol=1e-6)


def test_a_disc_has_its_area() -> None:
    assert disc(96, (24.0, 20.0), 6.0).sum() * (FIELD / 96) ** 2 == pytest.approx(np.pi * 36, rel=0.01)
