"""A supervised run against a plain loop, over ranks, and across deaths."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from harness.data.datasets.folder import Folder
from harness.data.pack import pack
from harness.evaluation.predictions import read_predictions
from harness.models.encoders.small_conv import SmallConv
from harness.models.files import load_encoder
from harness.models.initialisation import initialised
from harness.tracking.store import Store
from support.images import CLASSES, make_folder
from support.ranks import run
from support.supervised_runs import (
    BATCH,
    EPOCHS,
    LR,
    SEED,
    UNLABELLED,
    WIDTHS,
    Found,
    Stop,
    attempts,
    data,
    deaths,
    settings,
)

STEPS = EPOCHS * 3


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("supervised")
    data(folder)
    return folder


@pytest.fixture(scope="module")
def whole(root: Path) -> dict[int, Found]:
    """The run in one go, by its number of ranks."""
    return {ranks: run(attempts, ranks, root / f"whole {ranks}", settings(root))[0] for ranks in (1, 2)}


class Slow:
    """Encoder and head trained by a plain loop: images from their files, steps in order, one process."""

    def __init__(self, root: Path) -> None:
        with open(root / "pairs" / "manifest.csv", encoding="utf-8") as file:
            known = {row["id"]: row for row in csv.DictReader(file)}
        packed = pack(Folder(root=str(root / "pairs"), size=16), Store(root / "slow").packs)
        rows = [known[name] for name in packed.ids.tolist()]
        self.images = {row["id"]: np.asarray(Image.open(root / "pairs" / row["he"]), np.float64) / 255 for row in rows}
        of_train = np.stack([self.images[row["id"]] for row in rows if row["split"] == "train"])
        self.mean, self.std = of_train.mean((0, 1, 2)), of_train.std((0, 1, 2))
        self.train = [row for row in rows if row["split"] == "train" and row["tissue"]]
        self.test = [row for row in rows if row["split"] == "test"]
        self.encoder = initialised(lambda: SmallConv(widths=WIDTHS).build(3), SEED, "encoder", 0)
        self.head = initialised(glorot, SEED, "head", 0)
        self.losses: list[float] = []

    def inputs(self, rows: Sequence[dict[str, str]]) -> Tensor:
        x = np.stack([((self.images[row["id"]] - self.mean) / self.std).transpose(2, 0, 1) for row in rows])
        return torch.from_numpy(x.astype(np.float32))

    def batch(self, step: int) -> list[dict[str, str]]:
        words = np.random.Philox(key=np.array([SEED, step // 3], dtype=np.uint64)).random_raw(len(self.train))
        order = np.argsort(words)[step % 3 * BATCH : (step % 3 + 1) * BATCH]
        return [self.train[place] for place in order]

    def fit(self) -> Slow:
        adam = torch.optim.Adam([*self.encoder.parameters(), *self.head.parameters()], foreach=False)
        for step in range(STEPS):
            adam.param_groups[0]["lr"] = LR * (1 + math.cos(math.pi * step / STEPS)) / 2
            rows = self.batch(step)
            logits = self.head(self.encoder(self.inputs(rows)))
            each = [z.logsumexp(0) - z[CLASSES.index(row["tissue"])] for z, row in zip(logits, rows, strict=True)]
            loss = torch.stack(each).mean()
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
            self.losses.append(float(loss.detach()))
        return self

    def probabilities(self) -> dict[str, np.ndarray]:
        """Of each test sample by its id, from running statistics."""
        self.encoder.eval()
        with torch.no_grad():
            found = self.head(self.encoder(self.inputs(self.test))).softmax(1).numpy()
        return {row["id"]: share for row, share in zip(self.test, found, strict=True)}


def glorot() -> nn.Linear:
    """A head whose weights are uniform, as Keras draws them, and whose bias is zero."""
    layer = nn.Linear(WIDTHS[-1], len(CLASSES))
    bound = math.sqrt(6 / (WIDTHS[-1] + len(CLASSES)))
    with torch.no_grad():
        layer.weight.copy_((2 * torch.rand(layer.weight.shape) - 1) * bound)
        layer.bias.zero_()
    return layer


@pytest.fixture(scope="module")
def slow(root: Path) -> Slow:
    return Slow(root).fit()


def test_it_is_a_plain_loop_over_the_labelled_samples(whole: dict[int, Found], slow: Slow) -> None:
    found = whole[1]
    assert len(slow.train) == 24 - len(UNLABELLED) == found.facts["samples"]
    assert [found.history[step]["train/loss"] for step in range(1, STEPS + 1)] == pytest.approx(slow.losses, rel=1e-5)
    for name, module in (("encoder_0", slow.encoder.backbone), ("head", slow.head)):
        state, _ = load_encoder(found.paths[name])
        assert set(state) == set(module.state_dict())
        for part, value in module.state_dict().items():
            torch.testing.assert_close(state[part], value, rtol=0, atol=2e-6)


def test_it_is_tested_on_the_whole_test_split_without_augmentation(whole: dict[int, Found], slow: Slow) -> None:
    found, wanted = read_predictions(whole[1].paths["predictions"]), slow.probabilities()
    assert found.ids.tolist() == sorted(wanted)
    assert np.abs(found.probabilities - np.stack([wanted[name] for name in sorted(wanted)])).max() < 1e-5
    named = [CLASSES[share.argmax()] == row["tissue"] for row in slow.test for share in [wanted[row["id"]]]]
    assert whole[1].metrics["test/accuracy"] == pytest.approx(np.mean(named))
    assert sum(map(sum, whole[1].facts["confusion"])) == len(slow.test)


def test_the_number_of_ranks_changes_rounding_alone(whole: dict[int, Found]) -> None:
    for step, values in whole[1].history.items():
        assert whole[2].history[step] == pytest.approx(values, rel=2e-4, abs=1e-6), step
        assert whole[2].history[step]["train/loss"] == pytest.approx(values["train/loss"], rel=1e-5), step
    one, other = (read_predictions(whole[ranks].paths["predictions"]) for ranks in (1, 2))
    assert np.abs(one.probabilities - other.probabilities).max() < 1e-5


def test_batch_norm_of_each_rank_alone_is_another_run(root: Path, whole: dict[int, Found]) -> None:
    apart = run(attempts, 2, root / "apart", settings(root, batch_norm_group=BATCH // 2))[0]
    assert abs(apart.history[1]["train/loss"] - whole[2].history[1]["train/loss"]) > 1e-3


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_a_run_that_died_and_was_stopped_ends_with_the_same_bits(root: Path, ranks: int) -> None:
    given = settings(root, augmentation={"name": "table_s1", "backend": "torch"})
    whole = run(attempts, ranks, root / f"augmented {ranks}", given)[0]
    found = run(attempts, ranks, root / f"died {ranks}", given, Stop(dies_at=5), Stop(stops_at=3))[0]
    assert found.starts == [0, 4, 7], "death leaves the last checkpoint, a request to stop makes one"
    assert found.history == whole.history
    assert found.digests == whole.digests
    assert found.metrics == whole.metrics
    assert found.facts == whole.facts


def test_it_may_die_after_any_step(root: Path, whole: dict[int, Found]) -> None:
    for step, found in run(deaths, 1, root / "deaths", settings(root))[0].items():
        assert found.starts == [0, 2 * ((step - 1) // 2)], "a death comes before the checkpoint of its step"
        assert found.digests == whole[1].digests, step
        assert found.history == whole[1].history, step


def test_a_run_that_died_after_its_last_step_is_tested_without_training_again(
    root: Path, whole: dict[int, Found]
) -> None:
    again = run(attempts, 1, root / "whole 1", settings(root))[0]
    assert again.starts == [0, STEPS]
    assert again.digests == whole[1].digests
    assert (again.metrics, again.facts) == (whole[1].metrics, whole[1].facts)


def test_bf16_learns_the_same_in_coarser_numbers(root: Path, whole: dict[int, Found]) -> None:
    coarse = run(attempts, 1, root / "coarse", settings(root, precision="bf16"))[0]
    losses = [[found.history[step]["train/loss"] for step in found.history] for found in (coarse, whole[1])]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.05)


def test_vectors_are_learnt_from_by_an_encoder_of_vectors(tmp_path: Path) -> None:
    make_folder(tmp_path / "pairs", n=32, vectors=5)
    given = settings(tmp_path, view="markers", encoder={"name": "mlp", "widths": [8, 6]})
    found = run(attempts, 1, tmp_path / "store", given)[0]
    _, notes = load_encoder(found.paths["encoder_0"])
    assert [len(each) for each in json.loads(notes["statistics"])[0]] == [5, 5]
    assert found.history[STEPS]["train/loss"] < found.history[1]["train/loss"]
    assert found.facts["views"] == ["markers"]


def test_it_trained_where_its_loss_ended_below_that_of_the_frequencies(root: Path, whole: dict[int, Found]) -> None:
    counts = np.bincount([CLASSES.index(row["tissue"]) for row in Slow(root).train])
    share = counts / counts.sum()
    metrics = whole[1].metrics
    assert metrics["train/loss_at_chance"] == pytest.approx(-(share * np.log(share)).sum())
    last = [whole[1].history[step]["train/loss"] for step in range(STEPS - 2, STEPS + 1)]
    assert metrics["train/loss_last_epoch"] == pytest.approx(np.mean(last))
    assert whole[1].facts["trained"] is True
    still = run(attempts, 1, root / "still", settings(root, optimiser={"lr": 1e-9}))[0]
    assert still.facts["trained"] is False


def test_the_files_say_what_they_hold(whole: dict[int, Found]) -> None:
    _, notes = load_encoder(whole[1].paths["encoder_0"])
    assert json.loads(notes["encoder"]) == {"name": "small_conv", "widths": list(WIDTHS)}
    assert [len(each) for each in json.loads(notes["statistics"])[0]] == [3, 3]
    assert json.loads(notes["views"])[0]["modality"] == "he"
    _, notes = load_encoder(whole[1].paths["head"])
    assert (notes["label"], json.loads(notes["classes"])) == ("tissue", list(CLASSES))
