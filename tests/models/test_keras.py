"""Keras' ResNet-50 and its weights: against a slow forward pass in NumPy, in Keras' layout and by Keras' names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch.utils.flop_counter import FlopCounterMode

from harness.cli.weights import command
from harness.config.read import read
from harness.errors import DataError
from harness.files import sha256_of
from harness.models.encoders import Encoder
from harness.models.encoders.keras_resnet50 import KerasResNet50
from harness.models.keras import converted, read_arrays

STAGES = {2: (64, 3), 3: (128, 4), 4: (256, 6), 5: (512, 3)}
Arrays = dict[str, np.ndarray]


def made(seed: int = 0) -> Arrays:
    """Arrays of Keras' names and shapes, small enough that activations stay near 1."""
    rng = np.random.default_rng(seed)
    arrays: Arrays = {}

    def layer(name: str, kernel: int, before: int, after: int) -> None:
        scale = 1.4 / np.sqrt(kernel * kernel * before)
        arrays[f"{name}_conv/kernel:0"] = rng.normal(size=(kernel, kernel, before, after)) * scale
        arrays[f"{name}_conv/bias:0"] = rng.normal(size=after) * 0.1
        arrays[f"{name}_bn/gamma:0"] = rng.uniform(0.5, 1.0, after)
        arrays[f"{name}_bn/beta:0"] = rng.normal(size=after) * 0.1
        arrays[f"{name}_bn/moving_mean:0"] = rng.normal(size=after) * 0.1
        arrays[f"{name}_bn/moving_variance:0"] = rng.uniform(0.5, 1.5, after)

    layer("conv1", 7, 3, 64)
    before = 64
    for stage, (width, blocks) in STAGES.items():
        for number in range(1, blocks + 1):
            name = f"conv{stage}_block{number}"
            if number == 1:
                layer(f"{name}_0", 1, before, 4 * width)
            layer(f"{name}_1", 1, before, width)
            layer(f"{name}_2", 3, width, width)
            layer(f"{name}_3", 1, width, 4 * width)
            before = 4 * width
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def convolved(x_HWC: np.ndarray, kernel: np.ndarray, stride: int, pad: int) -> np.ndarray:
    """A convolution by windows, as Keras' ZeroPadding2D and a `valid` Conv2D do it."""
    padded = np.pad(x_HWC, ((pad, pad), (pad, pad), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[:2], axis=(0, 1))[::stride, ::stride]
    result: np.ndarray = np.einsum("hwcij,ijco->hwo", windows, kernel.astype(np.float64))
    return result


def normed(x: np.ndarray, arrays: Arrays, name: str) -> np.ndarray:
    gamma, beta, mean, variance = (
        arrays[f"{name}_bn/{part}:0"].astype(np.float64) for part in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    scaled: np.ndarray = (x - mean) / np.sqrt(variance + 1.001e-5) * gamma + beta
    return scaled


def step(x: np.ndarray, arrays: Arrays, name: str, stride: int = 1, pad: int = 0) -> np.ndarray:
    convolution = convolved(x, arrays[f"{name}_conv/kernel:0"], stride, pad) + arrays[f"{name}_conv/bias:0"]
    return normed(convolution, arrays, name)


def by_numpy(x_HWC: np.ndarray, arrays: Arrays) -> np.ndarray:
    """The whole net on one image in float64, the stride in the first 1 x 1 convolution of a stage."""
    x = np.maximum(step(x_HWC, arrays, "conv1", 2, 3), 0)
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    x = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))[::2, ::2].max(axis=(-1, -2))
    for stage, (_, blocks) in STAGES.items():
        for number in range(1, blocks + 1):
            name, stride = f"conv{stage}_block{number}", 2 if number == 1 and stage > 2 else 1
            kept = step(x, arrays, f"{name}_0", stride) if number == 1 else x
            h = np.maximum(step(x, arrays, f"{name}_1", stride), 0)
            h = np.maximum(step(h, arrays, f"{name}_2", 1, 1), 0)
            x = np.maximum(kept + step(h, arrays, f"{name}_3"), 0)
    mean: np.ndarray = x.mean(axis=(0, 1))
    return mean


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    return made()


def filled(arrays: Arrays) -> torch.nn.Module:
    encoder = KerasResNet50().build(3)
    state = {name: torch.from_numpy(value) for name, value in converted(arrays).items()}
    encoder.backbone.load_state_dict(state)
    return encoder.double().eval()


@pytest.mark.parametrize("side", [32, 37])
def test_converted_weights_give_what_keras_net_gives(arrays: Arrays, side: int) -> None:
    x_HWC = np.random.default_rng(1).uniform(size=(side, side, 3))
    with torch.no_grad():
        found = filled(arrays)(torch.from_numpy(x_HWC).permute(2, 0, 1)[None])[0].numpy()
    expected = by_numpy(x_HWC, arrays)
    assert np.abs(expected).max() > 0.1
    assert np.allclose(found, expected, rtol=1e-9, atol=1e-9)


def test_its_size_is_that_of_keras() -> None:
    """Keras counts 23,587,712 parameters without the top, 53,120 of them moving statistics."""
    encoder = KerasResNet50().build(3)
    trained = sum(parameter.numel() for parameter in encoder.parameters())
    assert trained == KerasResNet50().parameters() == 23_587_712 - 53_120
    assert KerasResNet50().parameters(5) == sum(p.numel() for p in KerasResNet50().build(5).parameters())
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        assert encoder.eval()(torch.zeros(1, 3, 224, 224)).shape == (1, 2048)
    assert counter.get_total_flops() / 1e9 == pytest.approx(KerasResNet50().gflops(224), rel=1e-3)


def test_convolutions_begin_as_glorot_has_it() -> None:
    layer = KerasResNet50().build(3).backbone.conv1_conv
    weight, bound = layer.weight.detach(), np.sqrt(6 / (49 * 3 + 49 * 64))
    assert 0.95 * bound < float(weight.abs().max()) <= bound
    assert float(weight.std()) == pytest.approx(bound / np.sqrt(3), rel=0.05)
    assert not layer.bias.any()


@pytest.mark.parametrize("prefix", ["", "resnet50/", "model_weights/conv/"])
def test_what_stands_before_a_name_is_passed_over_and_a_classifier_left_out(arrays: Arrays, prefix: str) -> None:
    named = {f"{prefix}{name}": array for name, array in arrays.items()} | {"dense/kernel:0": np.zeros((2048, 9))}
    assert converted(named).keys() == converted(arrays).keys()


def test_the_command_writes_what_a_grid_file_takes(arrays: Arrays, tmp_path: Path) -> None:
    np.savez(tmp_path / "keras.npz", **{name.replace(":0", ""): array for name, array in arrays.items()})
    target = tmp_path / "he.safetensors"
    done = CliRunner().invoke(command, [str(tmp_path / "keras.npz"), str(target)])
    assert done.exit_code == 0, done.output
    digest = sha256_of(target)
    assert digest in done.output
    settings = {"name": "keras_resnet50", "weights": str(target), "weights_digest": digest}
    encoder = read(Encoder, settings, "a test").build(3).double().eval()
    x = torch.rand(1, 3, 32, 32, dtype=torch.float64)
    with torch.no_grad():
        assert torch.equal(encoder(x), filled(arrays)(x))


def test_other_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no layer of Keras' ResNet-50, but dense/kernel"):
        converted({"dense/kernel": np.zeros(1)})
    (tmp_path / "torn.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"torn\.npz' cannot be read"):
        read_arrays(tmp_path / "torn.npz")
