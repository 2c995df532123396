"""`harness bench engines`: a training step over two ranks, by our engines and by torch as it comes."""

from __future__ import annotations

import click

from harness.cli.bench._shown import show, show_machine


@click.command("engines")
@click.option("--encoder", default="resnet18", show_default=True, help="Of each of the two branches.")
@click.option("--size", default=64, show_default=True, help="Side of the images, in pixels.")
@click.option("--batch", default=32, show_default=True, help="Pairs a step, over both ranks.")
@click.option("--width", default=1024, show_default=True, help="Of the expanders.")
@click.option("--steps", default=8, show_default=True, help="Of a turn, after two that warm up.")
@click.option("--rounds", default=3, show_default=True, help="Turns of each way.")
def command(encoder: str, size: int, batch: int, width: int, steps: int, rounds: int) -> None:
    """Our engine over two ranks of this machine, beside torch's defaults and DeepSpeed: pairs/s, ours / theirs."""
    from harness.bench.engines import RANKS, Load, measure

    load = Load(encoder, size, batch, width, steps, rounds)
    rows, missing = measure(load)
    show(f"{encoder} at {size} px, {batch} pairs a step, expanders of {width}, {RANKS} ranks", rows, missing)
    show_machine(load.threads)
