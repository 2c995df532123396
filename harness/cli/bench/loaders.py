"""`harness bench loaders`: every loader, beside what people take."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from harness.cli.bench._pairs import packed_pairs, pairs_options
from harness.cli.bench._shown import show, show_machine


@click.command("loaders")
@pairs_options
@click.option("--rounds", default=3, show_default=True, help="Turns of each way.")
def command(folder: Path | None, pairs: int, size: int, suffix: str, batch: int, workers: int, rounds: int) -> None:
    """Pairs a second and CPU-seconds for 1,000 pairs of every loader, with Table S1 and decoding only.

    Beside them what people take: a DataLoader with torchvision v2, lightly's or
    stable-pretraining's transforms (where they are installed), DALI's own operators, and
    the minimal loops of FFCV and DALI.
    """
    import torch

    from harness.bench import feeding, loaders

    torch.set_num_threads(workers)
    measured = feeding.Size(batch, workers, 1, rounds)
    with tempfile.TemporaryDirectory() as temporary:
        packed = packed_pairs(folder or Path(temporary), pairs, size, suffix)
        for title, decoding in (("decoding only", True), ("with Table S1 on both images", False)):
            rows, missing = feeding.measure(packed, measured, decoding)
            show(f"{title}: {pairs} pairs, {size} px, {suffix}", rows, missing)
        own = loaders.measure(packed, global_batch_size=batch, num_workers=workers, rounds=rounds)
        show("beside the library's own minimal loop, decoding only", own, {})
    show_machine(workers)
