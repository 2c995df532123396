"""The kernels against the batched form: every setting and shape, every batch, every number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from harness.config.plain import identity
from harness.config.read import read
from harness.data.augment import Augmentation
from harness.data.augment.ops import backend
from harness.data.augment.ops.noise import mix, normal
from harness.data.augment.table_s1 import TableS1
from harness.errors import ConfigError, MissingDependencyError
from support.augmenting import OFF, images, keys
from support.fresh import run, run_without

pytest.importorskip("numba")

CLOSE, JUMPS = 1e-6, 1e-4
ALL = dict.fromkeys(OFF, 1.0)
SETTINGS: dict[str, dict[str, Any]] = {
    "Table S1": {},
    "nothing": OFF,
    "everything at once": ALL,
    "flips and crop": OFF | {"flip_probability": 0.5, "crop_probability": 1.0},
    "small crops": OFF | {"crop_probability": 1.0, "crop_minimum": 0.05},
    "noise": OFF | {"noise_probability": 1.0, "noise_sigma": 0.3},
    "noise everywhere": {"noise_probability": 1.0, "noise_where": "everywhere"},
    "bilinear rotation": OFF | {"rotation_probability": 1.0, "rotation_maximum": 6.28},
    "nearest rotation": OFF | {"rotation_probability": 1.0, "rotation_interpolation": "nearest"},
    "solarize": OFF | {"solarize_probability": 1.0},
    "strong jitter": OFF | {"jitter_probability": 1.0, "brightness": 2.0, "saturation": 3.0, "hue": 0.5},
    "no hue": OFF | {"jitter_probability": 1.0, "hue": 0.0},
    "joint geometry": {"joint_geometry": True},
}


@pytest.fixture
def threads() -> Iterator[None]:
    """Whatever a test sets, the number of torch's threads is what it was."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def both(x: Tensor, **settings: Any) -> tuple[Tensor, Tensor]:
    one, other = (TableS1(backend=name, **settings).build(3)(x, keys(len(x)), 1, 1) for name in ("torch", "numba"))
    return one, other


def assert_same(one: Tensor, other: Tensor) -> None:
    """Within 1e-6 but for a share of jumps below 1e-4, with nothing between."""
    assert one.shape == other.shape
    off = (one - other).abs() > CLOSE
    assert off.double().mean() < JUMPS, f"{off.sum()} values differ, by up to {(one - other).abs().max()}"


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("shape", [(64, 64, 3), (31, 48, 3), (40, 40, 1)], ids=str)
def test_pixels_are_the_batched_forms(name: str, shape: tuple[int, int, int]) -> None:
    x = images(32, max(shape), shape[2])[:, : shape[0], : shape[1]]
    assert_same(*both(x, **SETTINGS[name]))


@pytest.mark.parametrize("value", [0, 1, 128, 255])
def test_flat_images_are_the_same(value: int) -> None:
    x = torch.full((16, 24, 24, 3), value, dtype=torch.uint8)
    assert_same(*both(x, noise_probability=1.0, rotation_probability=1.0))


@pytest.mark.parametrize("side", [1, 2, 5])
def test_tiny_images_are_the_same(side: int) -> None:
    assert_same(*both(images(48, 16)[:, 9 : 9 + side, 9 : 9 + side], **ALL))


def test_background_is_the_same_pixels() -> None:
    one, other = both(images(64, 48), **(OFF | {"crop_probability": 1.0}))
    assert torch.equal(one == 0, other == 0)


def test_random_pixels_are_the_same() -> None:
    x = torch.randint(0, 256, (48, 96, 96, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert_same(*both(x))


@pytest.mark.data
def test_real_images_are_the_same(real_images: Path) -> None:
    from PIL import Image

    paths = sorted((real_images / "CRC-VAL-HE-7K").rglob("*.tif"))
    x = torch.from_numpy(np.stack([np.asarray(Image.open(path).convert("RGB")) for path in paths]))
    assert len(x) == 16
    assert_same(*both(torch.cat([x, x])))


def test_nothing_depends_on_the_batch_its_order_or_the_threads(threads: None) -> None:
    augment, x, k = TableS1(backend="numba").build(4), images(40, 32), keys(40)
    torch.set_num_threads(1)
    whole = augment(x, k, 1, 0)
    order = np.random.default_rng(0).permutation(40)
    for rows in (order, np.arange(17, 18), np.arange(3), *(np.arange(rank, 40, 3) for rank in range(3))):
        assert torch.equal(augment(x[rows], k[rows], 1, 0), whole[rows])
    for count in (2, 3, 8):
        torch.set_num_threads(count)
        assert torch.equal(augment(x, k, 1, 0), whole)


def test_images_that_are_no_block_of_memory_are_taken() -> None:
    mask, k = images(8, 24, channels=1), keys(8)
    augment = TableS1(backend="numba").build(0)
    assert torch.equal(augment(mask.expand(-1, -1, -1, 3), k, 0, 0), augment(mask.repeat(1, 1, 1, 3), k, 0, 0))
    wide = images(8, 48)[:, 4:28, 5:29]
    assert torch.equal(augment(wide, k, 0, 0), augment(wide.contiguous(), k, 0, 0))


def test_integers_are_the_batched_forms() -> None:
    from harness.data.augment.fused import noise

    words = np.random.default_rng(0).integers(0, 2**32, 5000, dtype=np.uint32)
    expected = mix(torch.from_numpy(words.astype(np.int64)))
    assert [int(noise.mix(word)) for word in words] == expected.tolist()


def test_normal_numbers_are_the_batched_forms_to_the_tails() -> None:
    from harness.data.augment.fused import noise

    count, made = 3 * 101 * 101, np.empty(3 * 101 * 101, np.float32)
    for key in ([0, 0], [2**32 - 1, 2**32 - 1], [0x9E3779B9, 5]):
        noise.normal(*(np.uint32(word) for word in key), np.uint32(0), np.uint32((count + 1) // 2), made)
        expected = normal(np.array([key]), torch.Size((count,)), torch.device("cpu"))[0].numpy()
        assert np.abs(made - expected).max() < 3e-6
        assert np.abs(made).max() > 3.8


def test_radius_and_cosine_are_exact_to_rounding() -> None:
    from harness.data.augment.fused import noise

    numbers = np.unique(np.concatenate([np.arange(1, 300), 2**24 - np.arange(300), np.geomspace(1, 2**24, 2000)]))
    made = [noise.radius(np.float32(number)) for number in numbers.astype(np.int64)]
    exact = np.sqrt(-2 * np.log(numbers.astype(np.int64) / 2**24))
    assert np.allclose(made, exact, rtol=3e-7, atol=0)
    turns = np.linspace(-0.25, 1, 4001).astype(np.float32)
    made = [noise.cosine(turn) for turn in turns]
    assert np.abs(made - np.cos(2 * np.pi * turns.astype(np.float64))).max() < 2e-7


def test_a_value_at_the_threshold_is_inverted() -> None:
    from harness.data.augment.fused.colouring import solarize

    values = np.array([0.25, 0.5, 0.75], np.float32)
    solarize(values, np.float32(0.5))
    assert values.tolist() == [0.25, 0.5, 0.25]
    solarize(values, np.float32(0.25))
    assert values.tolist() == [0.75, 0.5, 0.75]


def test_no_index_leaves_its_array(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """numba looks at no index unless it is told to, and then it must not take what it kept without."""
    monkeypatch.setenv("NUMBA_BOUNDSCHECK", "1")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    code = f"""
import numpy as np, torch
from harness.data.augment.table_s1 import TableS1
keys, settings = np.arange(64, dtype=np.uint64), {ALL!r}
for shape in ((12, 9, 3), (2, 7, 1), (1, 1, 3)):
    for more in ({{}}, {{"rotation_interpolation": "nearest", "noise_where": "everywhere"}}):
        augment = TableS1(**settings, **more, rotation_maximum=6.28, backend="numba").build(0)
        for fill in (0, 200):
            augment(torch.full((64, *shape), fill, dtype=torch.uint8), keys, 0, 0)
print("all within")
"""
    assert "all within" in run(code)


def test_where_it_runs_is_no_part_of_a_run() -> None:
    assert len({str(identity(TableS1(backend=name))) for name in ("auto", "torch", "numba")}) == 1


def test_auto_takes_numba_on_a_cpu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert TableS1().backend_on("cpu") == "numba"
    assert TableS1().backend_on("cuda") == "torch"
    assert TableS1(backend="torch").backend_on("cpu") == "torch"
    monkeypatch.setattr(backend, "installed", lambda: False)
    assert TableS1().backend_on("cpu") == "torch"
    x, k = images(4), keys(4)
    assert torch.equal(TableS1().build(0)(x, k, 0, 0), TableS1(backend="torch").build(0)(x, k, 0, 0))


def test_numba_elsewhere_than_on_a_cpu_is_refused() -> None:
    with pytest.raises(ConfigError, match="'cuda'") as error:
        TableS1(backend="numba").backend_on("cuda")
    assert "leave the backend at auto" in str(error.value)
    with pytest.raises(ConfigError, match="'meta'"):
        TableS1(backend="numba").build(0)(images(2).to("meta"), keys(2), 0, 0)


def test_numba_that_is_missing_is_named_when_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "installed", lambda: False)
    with pytest.raises(MissingDependencyError, match="numba") as error:
        TableS1(backend="numba").build(0)
    assert "pip install numba" in str(error.value)


def test_an_unknown_back_end_is_named() -> None:
    with pytest.raises(ConfigError, match="cuda"):
        read(Augmentation, {"name": "table_s1", "backend": "cuda"}, "grid.yaml")


def test_without_numba_the_batched_form_runs() -> None:
    code = """
import sys, numpy as np, torch
from harness.data.augment.table_s1 import TableS1
y = TableS1().build(0)(torch.zeros(2, 8, 8, 3, dtype=torch.uint8), np.arange(2, dtype=np.uint64), 0, 0)
print(tuple(y.shape), TableS1().backend_on("cpu"), "harness.data.augment.fused" in sys.modules)
"""
    assert "(2, 3, 8, 8) torch False" in run_without({"numba"}, code)


def test_what_cannot_be_kept_is_compiled_all_the_same() -> None:
    from harness.data.augment.fused.compiled import kept

    space: dict[str, Any] = {}
    exec("def twice(number):\n    return 2 * number\n", space)
    assert kept(space["twice"])(21) == 42


def test_what_is_kept_is_named_by_all_sources() -> None:
    from harness.data.augment.fused import compiled
    from harness.data.augment.fused.kernel import augment

    assert augment.__qualname__ == f"augment_{compiled._digest()}"
    assert compiled.SOURCES.name == "augment"
