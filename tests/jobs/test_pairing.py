"""The short form of a pair and what it stands for."""

from __future__ import annotations

from typing import Any

import pytest

from harness.config.plain import identity
from harness.errors import ConfigError
from jobs.pairing import written_out
from jobs.pretrain import Pretrain

DATA = {"name": "folder", "root": "pairs", "size": 32}


def pretrain(**settings: Any) -> Pretrain:
    settled = Pretrain.settle({"data": DATA, "objective": "vicreg", **settings})
    return Pretrain.model_validate(settled)


def test_unshared_branches_have_components_of_their_own() -> None:
    run = pretrain(views=["he", "panck"], encoder="resnet18")
    assert [(branch.view.modality, branch.encoder, branch.expander) for branch in run.branches] == [
        ("he", 0, 0),
        ("panck", 1, 1),
    ]
    assert len(run.encoders) == len(run.expanders) == 2


def test_shared_branches_name_the_same_components() -> None:
    run = pretrain(views=["he", "panck", "he"], shared_weights=True)
    assert [(branch.encoder, branch.expander) for branch in run.branches] == [(0, 0)] * 3
    assert len(run.encoders) == len(run.expanders) == 1


def test_a_larger_teacher_for_the_paired_view() -> None:
    run = pretrain(views=["he", "panck"], encoder=["resnet18", "resnet50"])
    assert [encoder.model for encoder in run.encoders] == ["resnet18", "resnet50"]  # type: ignore[attr-defined]


def test_both_forms_of_the_same_pair_have_one_identity() -> None:
    short = pretrain(views=["he", "panck"], encoder="resnet18", expander={"width": 64}, augmentation="none")
    long = pretrain(
        encoders=[{"name": "timm", "model": "resnet18"}] * 2,
        expanders=[{"width": 64, "depth": 3}] * 2,
        branches=[
            {"view": {"name": "identity", "modality": view}, "augmentation": "none", "encoder": n, "expander": n}
            for n, view in enumerate(("he", "panck"))
        ],
    )
    assert identity(short) == identity(long)


def test_the_defaults_are_the_papers() -> None:
    """Section 2.2: ResNet-50, expander of three layers of 8192, 100 epochs, batch 128, Adam at 1e-4, 1/10 epoch."""
    run = pretrain(views=["he", "panck"])
    assert run.encoders[0].model == "resnet50"  # type: ignore[attr-defined]
    assert (run.expanders[0].width, run.expanders[0].depth) == (8192, 3)
    assert (run.epochs, run.global_batch_size) == (100, 128)
    assert (run.optimiser.lr, run.schedule.warmup_epochs) == (1e-4, 0.1)
    assert run.branches[0].augmentation.name == "table_s1"
    assert run.fraction == 1.0
    assert run.batch_norm_group is None, "batch norm over the whole global batch"


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"views": ["he"]}, "two or more"),
        ({"views": "he"}, "views is 'he'"),
        ({"views": ["he", "he"], "shared_weights": "yes"}, "shared_weights is 'yes'"),
        ({"views": ["he", "he"], "encoder": ["resnet18"]}, "1 components for 2 views"),
        ({"views": ["he", "he"], "shared_weights": True, "encoder": ["a", "b"]}, "shared_weights is true"),
        ({"views": ["he", "he"], "branches": []}, "not both"),
        ({"branches": [], "encoders": []}, "'expanders' is missing"),
    ],
)
def test_what_does_not_fit_is_named(settings: dict[str, Any], what: str) -> None:
    with pytest.raises(ConfigError) as caught:
        written_out(settings)
    assert what in str(caught.value)


def test_an_encoder_that_no_branch_uses_is_refused() -> None:
    settled = written_out({"data": DATA, "objective": "vicreg", "views": ["he", "panck"]})
    settled["encoders"].append("resnet18")
    with pytest.raises(Exception, match="the branches use the encoders"):
        Pretrain.model_validate(settled)


def test_two_branches_too_many_for_ntxent_are_refused_when_planned() -> None:
    with pytest.raises(ConfigError, match="3 branches"):
        pretrain(views=["he", "panck", "he"], objective="ntxent").check(1)


@pytest.mark.parametrize(
    ("pair", "asymmetric", "titles"),
    [
        ("immunofluorescence", True, ["he", "panck"]),
        ("immunofluorescence", False, ["he", "he"]),
        ("crop_pad", True, ["crop/pad he", "he"]),
        ("downsample", True, ["downsample 7 he", "he"]),
        ("downsample", False, ["downsample 7 he", "downsample 7 he"]),
        ("nuclear_mask", True, ["mask nuclei", "he"]),
    ],
)
def test_the_papers_settings_by_name(pair: str, asymmetric: bool, titles: list[str]) -> None:
    found = pretrain(pair=pair, asymmetric=asymmetric)
    assert [branch.view.title for branch in found.branches] == titles
    assert found.tags()["pairing"].startswith("asymmetric" if asymmetric else "symmetric")


def test_the_second_view_of_a_named_pair_may_be_of_another_patch() -> None:
    found = pretrain(pair="downsample", partner="group")
    assert [branch.view.title for branch in found.branches] == ["downsample 7 he", "he of another in the group"]
    assert found.tags()["pairing"].startswith("asymmetric")
    with pytest.raises(ConfigError, match="partner is 'region'"):
        pretrain(pair="downsample", partner="region")


def test_both_ways_to_name_a_pair_have_one_identity() -> None:
    assert identity(pretrain(pair="immunofluorescence")) == identity(pretrain(views=["he", "panck"]))


def test_a_pair_is_named_or_listed() -> None:
    with pytest.raises(ConfigError, match="did you mean 'crop_pad'"):
        pretrain(pair="crop-pad")
    with pytest.raises(ConfigError, match="both 'views' and 'pair'"):
        pretrain(pair="crop_pad", views=["he", "he"])
    with pytest.raises(ConfigError, match="asymmetric is 'yes'"):
        pretrain(pair="crop_pad", asymmetric="yes")
