"""`harness weights`: weights of another library as a file that an encoder takes."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.common import console
from harness.files import sha256_of, write_atomic

TIMM = "timm:"


@click.command("weights")
@click.argument("source")
@click.argument("target", type=click.Path(path_type=Path))
def command(source: str, target: Path) -> None:
    """Write weights from SOURCE to TARGET (.safetensors).

    SOURCE is a file of Keras' ResNet-50 (.npz or HDF5), or timm:NAME for what timm
    publishes, as in timm:resnet50.a1_in1k, which needs a network. It prints what a grid
    file needs to take them: encoder, path and digest.
    """
    if source.startswith(TIMM):
        _from_timm(source.removeprefix(TIMM), target)
    else:
        _from_keras(Path(source), target)


def _from_keras(source: Path, target: Path) -> None:
    from safetensors.numpy import save

    from harness.models.keras import converted, read_arrays

    state = converted(read_arrays(source))
    write_atomic(target, save(state))
    _say(f"{len(state)} arrays.", "name: keras_resnet50", target)


def _from_timm(name: str, target: Path) -> None:
    from safetensors.torch import save

    from harness.models.nets.timm import fetch_pretrained

    found = fetch_pretrained(name)
    write_atomic(target, save({key: value.contiguous() for key, value in found.state.items()}))
    trained = f"Trained on inputs of mean {list(found.mean)} and deviation {list(found.std)}."
    _say(f"{len(found.state)} tensors. {trained}", f"name: timm, model: {found.model}", target)


def _say(what: str, encoder: str, target: Path) -> None:
    console().print(f"{what} In a grid file:", soft_wrap=True)
    settings = f"{{{encoder}, weights: {target}, weights_digest: {sha256_of(target)}}}"
    console().print(f"encoder: {settings}", soft_wrap=True)
