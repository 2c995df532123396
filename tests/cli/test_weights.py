"""`harness weights timm:NAME`: what timm publishes, as a file that an encoder takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file

from harness.config.read import read
from harness.config.yaml import parse
from harness.models.encoders import Encoder
from support.command_line import harness


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> torch.nn.Module:
    """A net whose weights timm is told to find in a file in place of its hub; timm itself loads them."""
    torch.manual_seed(3)
    net = timm.create_model("resnet10t", pretrained=False)
    save_file(net.state_dict(), tmp_path / "hub.safetensors")
    create: Callable[..., Any] = timm.create_model

    def from_file(name: str, **settings: Any) -> Any:
        overlay = {"file": str(tmp_path / "hub.safetensors")} if settings.get("pretrained") else None
        return create(name, pretrained_cfg_overlay=overlay, **settings)

    monkeypatch.setattr(timm, "create_model", from_file)
    return net


def test_the_file_fills_the_encoder_that_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], published: torch.nn.Module
) -> None:
    target = tmp_path / "out.safetensors"
    said = harness(capsys, "weights", "timm:resnet10t.c3_in1k", str(target))
    assert said.code == 0, said.err
    assert "mean [0.485, 0.456, 0.406]" in said.out
    line = next(line for line in said.out.splitlines() if line.startswith("encoder: "))
    encoder = read(Encoder, parse(line, "the output")["encoder"], "the output").build(3).eval()
    x = torch.rand(2, 3, 64, 64)
    published.reset_classifier(0)
    with torch.no_grad():
        assert torch.equal(encoder(x), published.eval()(x))


def test_weights_that_timm_does_not_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = harness(capsys, "weights", "timm:resnet10t.of_mine", str(tmp_path / "out"))
    assert said.code == 2
    assert "resnet10t.of_mine" in said.err
    assert not (tmp_path / "out").exists()


def test_without_a_network_it_says_where_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*arguments: Any, **settings: Any) -> Any:
        raise OSError("we couldn't connect")

    monkeypatch.setattr(timm, "create_model", cut)
    said = harness(capsys, "weights", "timm:resnet10t.c3_in1k", str(tmp_path / "out"))
    assert said.code == 2
    assert "the weights of 'resnet10t.c3_in1k' cannot be fetched: we couldn't connect" in said.err
    assert "copy the file that it writes" in said.err
    assert not (tmp_path / "out").exists()
