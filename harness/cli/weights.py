"""`harness weights`: weights of another library as a file that an encoder takes."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.common import console
from harness.files import sha256_of, write_atomic
from harness.models.keras import converted, read_arrays


@click.command("weights")
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
def command(source: Path, target: Path) -> None:
    """Convert Keras' ResNet-50 weights in SOURCE (.npz or HDF5) to TARGET (.safetensors).

    It prints what a grid file needs to take them: encoder, path and digest.
    """
    from safetensors.numpy import save

    state = converted(read_arrays(source))
    write_atomic(target, save(state))
    console().print(f"{len(state)} arrays. In a grid file:", soft_wrap=True)
    digest = sha256_of(target)
    console().print(f"encoder: {{name: keras_resnet50, weights: {target}, weights_digest: {digest}}}", soft_wrap=True)
