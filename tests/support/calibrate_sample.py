"""How hard the synthetic sample set is, by supervised heads alone. Not a test; run it by hand:

    python tests/support/calibrate_sample.py [--seed 0] [--heads 3] [--large]

It prints balanced accuracies on the test regions (chance is 1/3) and, for the number
of marked nuclei read off the H&E, R2. Networks have four layers and train under Table
S1's augmentations, 12 steps of 50 patches an epoch.

The generator of harness/data/synthetic was set by these figures, which stand in
docs/log.md, and by nothing else: no self-supervised run was looked at, so that a
comparison of such runs on this set is not decided beforehand.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from harness.data.augment.table_s1 import TableS1
from harness.data.synthetic import TISSUES, SampleSpec
from harness.data.synthetic.patch import make_patch
from harness.data.synthetic.rows import rows_of
from harness.data.synthetic.spec import NEOPLASTIC

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.pooled import pooled

Features = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Images by modality, each (n, size, size, 3) uint8, labels and the split, in the manifest's order."""

    images: dict[str, NDArray[np.uint8]]
    tissue: NDArray[np.int64]
    marked: NDArray[np.int64]
    train: NDArray[np.int64]
    test: NDArray[np.int64]


@dataclass(frozen=True)
class Budget:
    """How long a network trains, and what varies its input: Table S1, or flips and quarter turns only."""

    epochs: int
    table_s1: bool = True


SHORT, MIDDLE, LONG, TURNED = Budget(10), Budget(25), Budget(60), Budget(25, table_s1=False)


def load(spec: SampleSpec) -> Sample:
    """Make a sample set in memory."""
    rows = rows_of(spec)
    patches = [make_patch(spec, row) for row in rows]
    images = {
        name: np.stack([_coloured(patch.images[name]) for patch in patches]) for name in ("he", "rescan", "marker")
    }
    split = np.array([row.split for row in rows])
    marked = np.array([patch.counts[NEOPLASTIC] for patch in patches])
    tissue = np.array([row.tissue for row in rows])
    return Sample(images, tissue, marked, np.flatnonzero(split == "train"), np.flatnonzero(split == "test"))


def _coloured(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)


def balanced_accuracy(truth: NDArray[np.int64], guess: NDArray[np.int64]) -> float:
    """The mean recall of the classes."""
    return float(np.mean([(guess[truth == label] == label).mean() for label in np.unique(truth)]))


def colour_histogram(images: NDArray[np.uint8]) -> Features:
    """(n, 48): 16 bins for each channel."""
    bins = np.arange(0, 257, 16)
    return (
        np.stack([np.concatenate([np.histogram(c, bins)[0] for c in image.reshape(-1, 3).T]) for image in images]) / 1.0
    )


def random_network(images: NDArray[np.uint8], seed: int = 0) -> Features:
    """(n, 256): means and deviations of an untrained network's last maps."""
    torch.manual_seed(seed)
    net = _trunk().train()
    with torch.no_grad():
        maps = torch.cat([net(_scaled(part)) for part in torch.split(torch.from_numpy(images), 300)])
    return torch.cat([maps.mean((2, 3)), maps.std((2, 3))], 1).double().numpy()


def linear_head(features: Features, sample: Sample) -> float:
    """Balanced accuracy of a logistic regression."""
    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    head.fit(features[sample.train], sample.tissue[sample.train])
    return balanced_accuracy(sample.tissue[sample.test], head.predict(features[sample.test]))


def classify(modality: str, sample: Sample, budget: Budget, seed: int) -> float:
    """Balanced accuracy of a small network on `tissue`."""
    score = _train(modality, sample, budget, seed, torch.from_numpy(sample.tissue), len(TISSUES), nn.CrossEntropyLoss())
    return balanced_accuracy(sample.tissue[sample.test], score.argmax(1).numpy())


def count_marked(sample: Sample, budget: Budget, seed: int) -> float:
    """R2 of a small network that reads the number of marked nuclei off the H&E."""
    truth = torch.from_numpy((sample.marked - 4.5) / 3.3).float()[:, None]
    guess = _train("he", sample, budget, seed, truth, 1, nn.MSELoss())
    wanted = truth[sample.test]
    return float(1.0 - ((guess - wanted) ** 2).mean() / wanted.var(correction=0))


def _trunk() -> nn.Sequential:
    widths = (3, 24, 48, 96, 128)
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        stride = 1 if before == 3 else 2
        layers += [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers)


def _train(
    modality: str, sample: Sample, budget: Budget, seed: int, target: Tensor, outputs: int, loss: nn.Module
) -> Tensor:
    """The outputs on the test patches, after training on the training patches."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    images = torch.from_numpy(sample.images[modality])
    net = nn.Sequential(_trunk(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, outputs))
    steps = max(1, len(sample.train) // 50)
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=budget.epochs * steps)
    for epoch in range(budget.epochs):
        for rows in np.array_split(rng.permutation(sample.train), steps):
            optimiser.zero_grad()
            loss(net(_augmented(images[rows], rows, budget, epoch, seed)), target[rows]).backward()
            optimiser.step()
            schedule.step()
    net.eval()
    with torch.no_grad():
        return torch.cat([net(_scaled(images[rows])) for rows in np.array_split(sample.test, 4)])


def _scaled(images: Tensor) -> Tensor:
    return images.permute(0, 3, 1, 2).float() / 255.0 - 0.5


def _augmented(images: Tensor, rows: NDArray[np.int64], budget: Budget, epoch: int, seed: int) -> Tensor:
    """A batch of (n, 3, size, size) from the images (n, size, size, 3)."""
    if budget.table_s1:
        return TableS1().build(seed)(images, rows.astype(np.uint64), epoch, 0) - 0.5
    rng = np.random.default_rng([seed, epoch, int(rows[0])])
    batch = torch.rot90(_scaled(images), int(rng.integers(4)), (2, 3))
    return torch.where(torch.from_numpy(rng.random((len(batch), 1, 1, 1)) < 0.5), batch, batch.flip(3))


def report(label: str, run: Callable[[int], float], heads: Sequence[int]) -> None:
    """Print one line: mean, and each head's figure."""
    start = perf_counter()
    figures = [run(seed) for seed in heads]
    shown = " ".join(f"{figure:.3f}" for figure in figures)
    print(f"{label:40} {np.mean(figures):.3f}   ({shown})   {perf_counter() - start:.0f} s", flush=True)


def views(sample: Sample, heads: Sequence[int]) -> None:
    """The same heads with the same budget on each view alone."""
    for name, images in sample.images.items():
        features = np.stack([pooled(image) for image in images])
        report(f"{name}: colour histogram, linear", partial(_head, colour_histogram(images), sample), [0])
        report(f"{name}: pooled features, linear", partial(_head, features, sample), [0])
        report(f"{name}: random network, linear", partial(_random_head, images, sample), heads)
        report(f"{name}: network, 10 epochs", partial(classify, name, sample, SHORT), heads)


def _head(features: Features, sample: Sample, _: int) -> float:
    return linear_head(features, sample)


def _random_head(images: NDArray[np.uint8], sample: Sample, seed: int) -> float:
    return linear_head(random_network(images, seed), sample)


def hidden(sample: Sample, heads: Sequence[int]) -> None:
    """That what tells the tissue is in the H&E, for a head that looks longer or is told where to look."""
    report("he: network, 60 epochs", lambda seed: classify("he", sample, LONG, seed), heads)
    report("he: R2 of marked nuclei, 25 epochs", lambda seed: count_marked(sample, MIDDLE, seed), heads)
    report("he: R2 of marked nuclei, 60 epochs", lambda seed: count_marked(sample, LONG, seed), heads)
    report("he: R2, 25 epochs, only turned", lambda seed: count_marked(sample, TURNED, seed), heads)


def main() -> None:
    """Make the set, train every head, print every figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of the sample set")
    parser.add_argument("--heads", type=int, default=3, help="seeds of each head")
    parser.add_argument("--large", action="store_true", help="also 1,800 training patches, 60 epochs")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    start, heads = perf_counter(), range(chosen.heads)
    sample = load(SampleSpec(seed=chosen.seed))
    print(f"{len(sample.train)} train, {len(sample.test)} test, made in {perf_counter() - start:.0f} s", flush=True)
    views(sample, heads)
    hidden(sample, heads)
    if chosen.large:
        large = load(SampleSpec(seed=chosen.seed, patches=2700))
        report("he: network, 60 epochs, 1,800 patches", lambda seed: classify("he", large, LONG, seed), heads)


if __name__ == "__main__":
    main()
