"""`harness data sheet`: pictures of what the augmentation does to a data set's patches."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from harness.cli.common import console
from harness.cli.data._given import data_arguments, given
from harness.data.reading import native_image
from harness.errors import ConfigError, did_you_mean
from harness.files import write_atomic


@click.command("sheet")
@data_arguments
@click.option("--modality", default="he", show_default=True, help="Which images.")
@click.option("--patches", default=4, show_default=True, help="How many, evenly over the set.")
@click.option("--draws", default=3, show_default=True, help="Pictures of each operation and protocol.")
@click.option("--out", default="augmentation.png", show_default=True, type=click.Path(path_type=Path))
def command(data: str, words: tuple[str, ...], modality: str, patches: int, draws: int, out: Path) -> None:
    """Draw each operation of Table S1, as the paper says it and as its authors' code does it, on DATA's patches.

    DATA is a kind of data set with its settings, as in `harness data sheet nct root=PATH`.
    """
    from harness.report.augmentations import augmentation_sheet

    dataset = given(data, words)[0]
    manifest = dataset.manifest()
    if modality not in manifest.modalities or manifest.modalities[modality].kind != "image":
        legal = [name for name, part in manifest.modalities.items() if part.kind == "image"]
        raise ConfigError(f"no images {modality!r}", legal=legal, mend=did_you_mean(modality, legal))
    part, hashes = manifest.modalities[modality], manifest.image_hashes[modality]
    rows = np.linspace(0, len(manifest) - 1, patches).astype(int).tolist()
    images = [native_image(part, row, hashes[row]) for row in rows]
    colour = [np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image for image in images]
    write_atomic(out, augmentation_sheet(np.stack(colour), draws))
    console().print(f"{out}: {patches} patches of {manifest.name}", soft_wrap=True)
