"""Weights from a user's file: verified, fitted, and refused in words."""

import hashlib
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from harness.errors import DataError
from harness.models.encoders.timm import Timm


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def build(path: Path, expected: str | None = None, in_features: int = 3) -> torch.nn.Module:
    config = Timm(model="test_resnet", weights=str(path), weights_digest=expected or digest(path))
    return config.build(in_features).backbone


@pytest.fixture
def source() -> torch.nn.Module:
    """A model with its classifier, as published weights have it."""
    torch.manual_seed(1)
    return timm.create_model("test_resnet", num_classes=7)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_weights_with_a_classifier_fill_the_encoder(tmp_path: Path, source: torch.nn.Module, suffix: str) -> None:
    path = tmp_path / f"it's here{suffix}"
    (save_file if suffix == ".safetensors" else torch.save)(source.state_dict(), path)
    filled = build(path).state_dict()
    assert all(torch.equal(value, source.state_dict()[name]) for name, value in filled.items())


def test_another_digest_is_refused(tmp_path: Path, source: torch.nn.Module) -> None:
    save_file(source.state_dict(), path := tmp_path / "w.safetensors")
    with pytest.raises(DataError) as caught:
        build(path, "f" * 64)
    assert f"{str(path)!r} have the digest {digest(path)}" in str(caught.value)
    assert f"legal: {'f' * 64}" in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no weights file .*nowhere\.pth"):
        build(tmp_path / "nowhere.pth", "0" * 64)


def test_weights_of_another_shape_say_which(tmp_path: Path, source: torch.nn.Module) -> None:
    save_file(source.state_dict(), path := tmp_path / "w.safetensors")
    with pytest.raises(DataError, match=r"do not fit the encoder: conv1\S*\.weight is .*, wanted \(\d+, 1, 3, 3\)"):
        build(path, in_features=1)


def test_weights_of_another_model_say_so(tmp_path: Path) -> None:
    save_file({"other.weight": torch.zeros(2)}, path := tmp_path / "w.safetensors")
    with pytest.raises(DataError, match=r"is missing.* and \d+ more"):
        build(path)


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2), path := tmp_path / "w.pth")
    with pytest.raises(DataError, match="holds no weights that can be read safely"):
        build(path)


@pytest.mark.parametrize("name", ["w.safetensors", "w.pth"])
def test_a_torn_file_is_refused(tmp_path: Path, name: str) -> None:
    (path := tmp_path / name).write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(DataError, match="holds no weights that can be read safely"):
        build(path)


def test_a_checkpoint_that_is_no_state_dict_is_refused(tmp_path: Path) -> None:
    torch.save({"epoch": 3}, path := tmp_path / "w.pth")
    with pytest.raises(DataError, match="holds no state dict"):
        build(path)
