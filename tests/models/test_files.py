"""Encoders as files: what goes in comes out, the same bytes each time, and readable without this program."""

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from harness.errors import StoreError
from harness.models.encoders.small_conv import SmallConv
from harness.models.encoders.timm import Timm
from harness.models.files import load_encoder, restore_encoder, save_encoder

NOTES = {"model": "test_resnet", "mean": "[0.7, 0.6, 0.7]", "run": "pretrain/4f2c", "é": "ü", "a": "", "b": "1"}


@pytest.fixture
def trained() -> torch.nn.Module:
    """An encoder after a training step, in the layout that training uses."""
    torch.manual_seed(0)
    encoder = Timm(model="test_resnet").build(3).to(memory_format=torch.channels_last)
    encoder(torch.randn(2, 3, 64, 64))
    return encoder


def test_round_trip(tmp_path: Path, trained: torch.nn.Module) -> None:
    path = tmp_path / "encoder 'a'.safetensors"
    save_encoder(path, trained, NOTES)
    fresh = Timm(model="test_resnet").build(3)
    assert restore_encoder(path, fresh) == NOTES
    state = trained.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in fresh.state_dict().items())
    assert load_encoder(path)[1] == NOTES


def test_timm_reads_it_by_itself(tmp_path: Path, trained: torch.nn.Module) -> None:
    save_encoder(tmp_path / "e.safetensors", trained, NOTES)
    plain = timm.create_model("test_resnet", num_classes=0)
    plain.load_state_dict(load_file(tmp_path / "e.safetensors"))


def test_the_same_bytes_each_time(tmp_path: Path, trained: torch.nn.Module) -> None:
    for index in range(5):
        save_encoder(tmp_path / str(index), trained, dict(sorted(NOTES.items(), reverse=index % 2 == 0)))
    assert len({(tmp_path / str(index)).read_bytes() for index in range(5)}) == 1


def test_a_torn_file_is_named(tmp_path: Path, trained: torch.nn.Module) -> None:
    save_encoder(path := tmp_path / "e.safetensors", trained, NOTES)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(StoreError, match=r"the encoder .*e\.safetensors' cannot be read"):
        load_encoder(path)
    with pytest.raises(StoreError, match=r"gone\.safetensors' cannot be read"):
        load_encoder(tmp_path / "gone.safetensors")


def test_a_file_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, path := tmp_path / "e.safetensors")
    with pytest.raises(StoreError, match="was not written by this program"):
        load_encoder(path)


def test_another_encoders_file_is_refused(tmp_path: Path, trained: torch.nn.Module) -> None:
    save_encoder(path := tmp_path / "e.safetensors", trained, NOTES)
    with pytest.raises(StoreError, match=r"holds another encoder: stages\.0\.0\.weight is missing"):
        restore_encoder(path, SmallConv().build(3))
