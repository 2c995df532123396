"""A translation against a plain loop, over ranks, across deaths, and what it leaves."""

from __future__ import annotations

import copy
import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from harness.data.augment.table_s1 import TableS1
from harness.data.datasets.folder import Folder
from harness.data.pack import pack
from harness.data.source import partner_rows
from harness.errors import DataError
from harness.models.encoders.small_conv import SmallConv
from harness.models.files import load_encoder, restore_encoder
from harness.models.initialisation import initialised
from harness.models.nets.unet import UNet
from harness.models.unet import Decoder
from harness.tracking.result import Result
from harness.tracking.store import Store
from support.images import make_folder, read_rows
from support.supervised_runs import Stop
from support.translations import (
    BATCH,
    DECODER,
    EPOCHS,
    SEED,
    SIZE,
    WIDTHS,
    Trial,
    folder_of,
    history,
    results,
    settings,
    starts,
)

STEPS = EPOCHS * 3
LR = 1e-2
Given = dict[str, Any]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("translation")
    make_folder(folder / "pairs", n=24, size=SIZE)
    return folder


def run(store: Path, given: Given, world_size: int = 1) -> Result:
    (found,) = results([Trial(store, given)], world_size)
    return found


def path_of(store: Path, result: Result, artifact: str) -> Path:
    return Store(store).run(result.run).path / result.artifacts[artifact].path


class Slow:
    """The U-Net trained by a plain loop: images from their files, one process, torchmetrics' similarity."""

    def __init__(self, root: Path, loss: str, augmented: bool, normalise: str) -> None:
        rows = {row["id"]: row for row in read_rows(root / "pairs" / "manifest.csv")}
        self.packed = pack(Folder(root=str(root / "pairs"), size=SIZE), root / "slow")
        self.rows = [rows[name] for name in self.packed.ids.tolist()]
        self.train = [place for place, row in enumerate(self.rows) if row["split"] == "train"]
        self.images = {side: np.stack([self.read(root, row[side]) for row in self.rows]) for side in ("he", "panck")}
        seen = self.images["he"][self.train].astype(np.float64) / 255
        self.mean, self.std = (seen.mean((0, 1, 2)), seen.std((0, 1, 2))) if normalise == "dataset" else (0.0, 1.0)
        self.unit = 255 if normalise == "raw" else 1
        self.loss, self.augmented = loss, augmented
        encoder = initialised(lambda: SmallConv(widths=WIDTHS).build(3), SEED, "encoder", 0)
        decoder = initialised(lambda: Decoder(widths=DECODER).build(encoder, 3), SEED, "decoder", 0)
        self.model, self.losses = UNet(encoder, decoder), list[float]()

    def read(self, root: Path, name: str) -> np.ndarray[Any, Any]:
        return np.asarray(Image.open(root / "pairs" / name).convert("RGB"))

    def pair(self, places: list[int], epoch: int) -> tuple[Tensor, Tensor]:
        """The input before and the target after it is augmented, in 0..1."""
        both = [torch.from_numpy(self.images[side][places]) for side in ("he", "panck")]
        if not self.augmented:
            return tuple(each.permute(0, 3, 1, 2).float() / 255 for each in both)  # type: ignore[return-value]
        of_target = {"joint_geometry": True, "noise_probability": 0, "solarize_probability": 0, "jitter_probability": 0}
        keys = self.packed.keys[places]
        seen = TableS1().build(SEED)(both[0], keys, epoch, 0)
        return seen, TableS1(**of_target).build(SEED)(both[1], keys, epoch, 1)

    def scaled(self, x: Tensor) -> Tensor:
        shape = (1, -1, 1, 1)
        mean, std = (torch.tensor(np.broadcast_to(each, 3).astype(np.float32)) for each in (self.mean, self.std))
        return (x - mean.view(shape)) / std.view(shape) * self.unit

    def of(self, predicted: Tensor, target: Tensor) -> Tensor:
        if self.loss == "mse":
            return ((predicted - target) ** 2).mean()
        full = structural_similarity_index_measure(predicted, target, data_range=1.0, return_full_image=True)[1]
        return 1 - full[..., 5:-5, 5:-5].mean()

    def fit(self) -> Slow:
        adam = torch.optim.Adam(self.model.parameters(), lr=LR, foreach=False)
        for step in range(STEPS):
            epoch = step // 3
            words = np.random.Philox(key=np.array([SEED, epoch], dtype=np.uint64)).random_raw(len(self.train))
            order = [self.train[place] for place in np.argsort(words)]
            seen, target = self.pair(order[step % 3 * BATCH : (step % 3 + 1) * BATCH], epoch)
            for group in adam.param_groups:
                group["lr"] = LR * (1 + math.cos(math.pi * step / STEPS)) / 2
            loss = self.of(self.model(self.scaled(seen)), target)
            adam.zero_grad()
            loss.backward()
            adam.step()
            self.losses.append(float(loss.detach()))
        return self


@pytest.mark.parametrize(
    ("loss", "augmentation", "normalise"),
    [("ssim", "none", "dataset"), ("mse", "table_s1", "raw"), ("ssim", "table_s1", "none")],
)
def test_it_is_a_plain_loop(root: Path, tmp_path: Path, loss: str, augmentation: str, normalise: str) -> None:
    """Whatever the input is scaled to, the target is left in 0..1; both are moved alike."""
    given = settings(root, loss=loss, augmentation=augmentation, normalise=normalise)
    result = run(tmp_path, given)
    slow = Slow(root, loss, augmentation != "none", normalise).fit()
    found = history(folder_of(tmp_path, given))
    assert [found[step]["train/loss"] for step in range(1, STEPS + 1)] == pytest.approx(slow.losses, rel=2e-4)
    encoder, notes = load_encoder(path_of(tmp_path, result, "encoder_0"))
    for name, value in slow.model.encoder.backbone.state_dict().items():
        torch.testing.assert_close(encoder[name], value, rtol=0, atol=1e-3)
    ((mean, std),) = json.loads(notes["statistics"])
    assert mean == pytest.approx(np.broadcast_to(slow.mean, 3))
    assert np.array(std) * slow.unit == pytest.approx(np.broadcast_to(slow.std, 3))
    assert [view["modality"] for view in json.loads(notes["views"])] == ["he"]


STOPS = {"whole": (), "dies": (Stop(dies_at=4),), "stops": (Stop(stops_at=5),), "at the end": (Stop(dies_at=9),)}


def store_of(root: Path, world_size: int, how: str = "whole") -> Path:
    return root / f"{how} {world_size}"


@pytest.fixture(scope="module")
def runs(root: Path) -> dict[tuple[int, str], Result]:
    """One run by its number of ranks and by what happens to it on the way."""
    found = {}
    for size in (1, 2, 3):
        trials = [
            Trial(store_of(root, size, how), settings(root), copy.deepcopy(stops)) for how, stops in STOPS.items()
        ]
        found.update({(size, how): each for how, each in zip(STOPS, results(trials, size), strict=True)})
    return found


@pytest.fixture(scope="module")
def whole(runs: dict[tuple[int, str], Result]) -> dict[int, Result]:
    """The run in one go, by its number of ranks."""
    return {size: found for (size, how), found in runs.items() if how == "whole"}


def digests(result: Result) -> dict[str, str]:
    return {name: artifact.sha256 for name, artifact in result.artifacts.items()}


@pytest.mark.parametrize("world_size", [1, 2, 3])
@pytest.mark.parametrize("how", [how for how in STOPS if how != "whole"])
def test_whatever_ends_an_attempt_the_bits_are_the_same(
    root: Path, runs: dict[tuple[int, str], Result], world_size: int, how: str
) -> None:
    found, wanted = runs[world_size, how], runs[world_size, "whole"]
    assert digests(found) == digests(wanted)
    assert found.metrics == wanted.metrics
    here, there = (folder_of(store_of(root, world_size, name), settings(root)) for name in (how, "whole"))
    assert history(here) == history(there)
    first, second = starts(here)
    assert (first, second > 0) == (0, True)
    assert len(starts(there)) == 1


@pytest.mark.parametrize("world_size", [2, 3])
def test_ranks_together_do_what_one_does(root: Path, whole: dict[int, Result], world_size: int) -> None:
    alone, together = (history(folder_of(store_of(root, number), settings(root))) for number in (1, world_size))
    assert together.keys() == alone.keys()
    for step, values in alone.items():
        assert together[step]["train/loss"] == pytest.approx(values["train/loss"], rel=1e-4)
    assert whole[world_size].metrics["test/ssim"] == pytest.approx(whole[1].metrics["test/ssim"], abs=1e-3)


def test_local_batch_norms_are_another_run(root: Path, tmp_path: Path, whole: dict[int, Result]) -> None:
    found = run(tmp_path, settings(root, batch_norm_group=3), 2)
    assert abs(found.metrics["train/loss"] - whole[2].metrics["train/loss"]) > 1e-4


def test_no_two_settings_give_the_same(root: Path, tmp_path: Path, whole: dict[int, Result]) -> None:
    seen = {digests(whole[1])["encoder_0"]}
    others: list[Given] = [
        {"loss": "mse"},
        {"augmentation": "none"},
        {"target": "he"},
        {"seed": 6},
        {"precision": "bf16"},
    ]
    for number, over in enumerate(others):
        seen.add(digests(run(tmp_path / str(number), settings(root, **over)))["encoder_0"])
    assert len(seen) == 6


def restored(store: Path, result: Result) -> UNet:
    """The U-Net from its two files."""
    encoder = SmallConv(widths=WIDTHS).build(3)
    restore_encoder(path_of(store, result, "encoder_0"), encoder)
    decoder = Decoder(widths=DECODER).build(encoder, 3)
    decoder.load_state_dict(load_file(path_of(store, result, "decoder")))
    return UNet(encoder, decoder).eval()


def painted(root: Path, store: Path, result: Result, places: list[int]) -> tuple[Tensor, Tensor]:
    """What the U-Net of the files paints of rows as they are, and their targets."""
    slow = Slow(root, "ssim", False, "dataset")
    seen, target = slow.pair(places, 0)
    with torch.no_grad():
        return restored(store, result)(slow.scaled(seen)), target


def test_what_is_kept_is_what_was_tested(root: Path, whole: dict[int, Result]) -> None:
    slow = Slow(root, "ssim", False, "dataset")
    test = [place for place, row in enumerate(slow.rows) if row["split"] == "test"]
    predicted, target = painted(root, store_of(root, 1), whole[1], test)
    errors = ((predicted - target) ** 2).mean((1, 2, 3)).double()
    assert whole[1].metrics["test/mse"] == pytest.approx(float(errors.mean()), rel=1e-4)
    assert whole[1].metrics["test/psnr"] == pytest.approx(float(10 * torch.log10(1 / errors).mean()), rel=1e-4)
    assert whole[1].metrics["test/ssim"] == pytest.approx(1 - float(slow.of(predicted, target)), rel=1e-4)


def test_facts(root: Path, whole: dict[int, Result]) -> None:
    facts = whole[1].facts
    assert facts["views"] == ["he", "panck"]
    assert (facts["samples"], facts["steps"], facts["synthetic"]) == (18, STEPS, True)
    assert facts["data_name"] == "tiny pairs"
    assert len(facts["augmented_by"]) == 1
    assert "epochs" in facts["departures"]


@pytest.mark.parametrize("loss", ["ssim", "mse"])
def test_the_floor_is_the_mean_colour_of_the_target(root: Path, tmp_path: Path, loss: str) -> None:
    result = run(tmp_path, settings(root, loss=loss, epochs=1))
    slow = Slow(root, loss, False, "dataset")
    _, target = slow.pair(slow.train, 0)
    colour = target.mean((0, 2, 3), keepdim=True).expand_as(target)
    assert result.metrics["train/loss_at_chance"] == pytest.approx(float(slow.of(colour, target)), rel=1e-4)
    predicted, target = painted(root, tmp_path, result, slow.train)
    assert result.metrics["train/loss_unaugmented"] == pytest.approx(float(slow.of(predicted, target)), rel=1e-4)


def test_a_run_of_nothing_did_not_train_and_one_of_many_steps_did(root: Path, tmp_path: Path) -> None:
    """The marker is brighter by class, as the H&E is, so a colour of one's own is learnt in some hundred steps."""
    base = settings(root, loss="mse", augmentation="none", optimiser={"lr": 1e-9}, epochs=1)
    assert run(tmp_path, base).facts["trained"] is False
    longer = {**base, "optimiser": {"lr": 2e-2}, "epochs": 40, "log_every": 10, "checkpoint_every": 60}
    result = run(tmp_path, longer)
    assert result.facts["trained"] is True
    assert result.metrics["train/loss_unaugmented"] < 0.9 * result.metrics["train/loss_at_chance"]


def test_the_sheet_shows_inputs_predictions_and_targets(root: Path, whole: dict[int, Result]) -> None:
    slow = Slow(root, "ssim", False, "dataset")
    test = [place for place, row in enumerate(slow.rows) if row["split"] == "test"]
    found = np.asarray(Image.open(path_of(store_of(root, 1), whole[1], "sheet")))
    assert found.shape == (3 * SIZE, 6 * SIZE, 3)
    predicted, _ = painted(root, store_of(root, 1), whole[1], test)
    for column, place in enumerate(test):
        shown = found[:, column * SIZE : (column + 1) * SIZE].reshape(3, SIZE, SIZE, 3)
        assert (shown[0] == slow.images["he"][place]).all()
        assert np.abs(shown[1].astype(int) - (predicted[column].permute(1, 2, 0).numpy() * 255).round()).max() <= 1
        assert (shown[2] == slow.images["panck"][place]).all()


@pytest.mark.parametrize("world_size", [1, 2])
@pytest.mark.parametrize(("splits", "number"), [("test", 6), ("train+test", 24)])
def test_predicted_images_are_a_data_set(root: Path, tmp_path: Path, world_size: int, splits: str, number: int) -> None:
    given = settings(root, write_images=splits)
    result = run(tmp_path, given, world_size)
    folder = path_of(tmp_path, result, "predicted").parent
    found = pack(Folder(root=str(folder), size=SIZE), tmp_path / "packs")
    slow = Slow(root, "ssim", False, "dataset")
    places = [slow.packed.ids.tolist().index(name) for name in found.ids.tolist()]
    assert len(found) == number
    assert sorted(found.arrays) == ["he", "predicted_panck"]
    assert (found.array("he") == slow.packed.array("he")[places]).all()
    predicted, _ = painted(root, tmp_path, result, places)
    levels = (predicted.permute(0, 2, 3, 1).numpy() * 255).round()
    assert np.abs(found.array("predicted_panck").astype(int) - levels).max() <= 1
    for part in ("groups", "splits", "keys"):
        assert (getattr(found, part) == getattr(slow.packed, part)[places]).all()
    assert (found.label("tissue").values == slow.packed.label("tissue").values[places]).all()
    assert found.label("tissue").derived_from == ("predicted_panck",)
    assert found.synthetic
    assert result.run in found.note
    assert found.digest == result.facts["predicted_digest"]


def test_an_input_of_type_numbers_or_of_another_sample_is_written_as_it_was_seen(tmp_path: Path) -> None:
    types = {"he": {"column": "he"}, "panck": {"column": "panck", "resize": "nearest"}}
    make_folder(tmp_path / "pairs", n=24, size=SIZE, modalities=types)
    view = {"name": "identity", "modality": "panck", "partner": "group"}
    result = run(tmp_path / "store", settings(tmp_path, view=view, target="he", write_images="train+test", epochs=1))
    folder = path_of(tmp_path / "store", result, "predicted").parent
    data = Folder(root=str(folder), size=SIZE)
    found, slow = pack(data, tmp_path / "packs"), Slow(tmp_path, "ssim", False, "dataset")
    assert data.read().modalities["panck"].resize == "nearest"
    assert found.array("panck").shape == (24, SIZE, SIZE, 1)
    assert found.ids.tolist() == slow.packed.ids.tolist()
    others = partner_rows(slow.packed, "group")
    assert (others != np.arange(24)).all()
    assert (found.array("panck") == slow.packed.array("panck")[others]).all()
    assert found.label("tissue").derived_from == ("panck",)


def test_images_do_not_depend_on_how_many_ranks_paint(root: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """With the weights of one rank: batches are shared out, not cut anew."""
    from jobs.run import painter

    monkeypatch.setattr(painter, "BATCH", 5)
    shared = [np.concatenate([batch for part in range(parts) for batch in _parts(part, parts)]) for parts in (1, 2, 3)]
    assert all(sorted(each.tolist()) == list(range(24)) for each in shared)
    whole = {tuple(batch.tolist()) for batch in _parts(0, 1)}
    assert {tuple(batch.tolist()) for part in range(3) for batch in _parts(part, 3)} == whole


def _parts(part: int, parts: int) -> list[np.ndarray[Any, Any]]:
    from jobs.run.painter import Painter

    painting = Painter.__new__(Painter)
    painting._painted = lambda rows: rows  # type: ignore[method-assign,assignment,return-value]
    return list(painting(np.arange(24), (part, parts)))  # type: ignore[arg-type]


def test_a_data_set_without_a_test_split_is_trained_on_and_not_tested(tmp_path: Path) -> None:
    make_folder(tmp_path / "pairs", n=12, size=SIZE, groups=1)
    rows = read_rows(tmp_path / "pairs" / "manifest.csv")
    with open(tmp_path / "pairs" / "manifest.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows({**row, "split": "train"} for row in rows)
    result = run(tmp_path / "store", settings(tmp_path, epochs=1))
    assert not [name for name in result.metrics if name.startswith("test/")]
    with Image.open(path_of(tmp_path / "store", result, "sheet")) as sheet:
        assert sheet.size == (8 * SIZE, 3 * SIZE)
    with pytest.raises(DataError, match="no sample of 'tiny pairs' is of the split 'test'"):
        run(tmp_path / "store", settings(tmp_path, write_images="test"))


@pytest.mark.parametrize("side", ["view", "target"])
def test_vectors_are_refused(tmp_path: Path, side: str) -> None:
    make_folder(tmp_path / "pairs", n=12, size=SIZE, vectors=5)
    with pytest.raises(DataError, match=r"the modality 'markers' of 'tiny pairs' holds vectors.*\n.*" + side):
        run(tmp_path / "store", settings(tmp_path, **{side: "markers"}))


def test_a_fraction_says_of_which_samples_it_is(root: Path, tmp_path: Path) -> None:
    result = run(tmp_path, settings(root, fraction=0.5, stratify_by="tissue", epochs=1))
    with open(path_of(tmp_path, result, "train_ids"), encoding="utf-8") as file:
        names = [row["id"] for row in csv.DictReader(file)]
    assert len(names) == result.facts["samples"] == 9
