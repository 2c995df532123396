"""`harness bench augmentation`: Table S1 alone, on images in memory."""

from __future__ import annotations

import click

from harness.cli.bench._shown import show, show_machine


@click.command("augmentation")
@click.option("--threads", default=1, show_default=True, help="Threads of each way.")
@click.option("--rounds", default=3, show_default=True, help="Turns of each way.")
@click.option("--size", default=224, show_default=True, help="Side of the images in px.")
def command(threads: int, rounds: int, size: int) -> None:
    """Table S1 on images in memory: ours, batched in torch or fused by numba, beside torchvision v2."""
    import numpy as np

    from harness.bench.augment import measure
    from harness.bench.pairs import GROUNDS, WEIGHTS
    from harness.data.layouts.making.paint import Painter

    painter = Painter(0, size)
    images = np.stack([painter.patch(number, WEIGHTS).he(GROUNDS[0]) for number in range(256)])
    show(f"Table S1, {size} px, {threads} threads", measure(images, threads=threads, rounds=rounds), {})
    show_machine(threads)
