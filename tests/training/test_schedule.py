"""The learning rate against its closed form, and lengths that cannot be trained."""

import math

import pytest

from harness.config.read import read
from harness.errors import ConfigError
from harness.training.schedule import WarmupCosine


def test_the_papers_schedule() -> None:
    """781 steps an epoch for 100 epochs: 78 of 78,100 steps are warm-up."""
    schedule = WarmupCosine().build(1e-4, num_epochs=100, steps_per_epoch=781)
    assert schedule.num_steps == 78_100
    assert schedule.lr(0) == 0
    assert schedule.lr(39) == pytest.approx(0.5e-4, rel=1e-15)
    assert schedule.lr(78) == 1e-4
    assert schedule.lr(78 + (78_100 - 78) // 2) == pytest.approx(0.5e-4, rel=1e-12)
    assert 0 < schedule.lr(78_099) < 1e-12
    assert schedule.lr(78_100) == 0


def test_it_is_half_a_cosine() -> None:
    schedule = WarmupCosine(warmup_epochs=0.5).build(2.0, num_epochs=3, steps_per_epoch=4)
    expected = [0, 1] + [2 * math.cos(math.pi * t / 20) ** 2 for t in range(11)]
    assert [schedule.lr(step) for step in range(13)] == pytest.approx(expected, abs=1e-15)


def test_a_tenth_of_a_short_epoch_is_no_step() -> None:
    """Fraction 0.01: 7 steps an epoch, and int(0.7) = 0 of warm-up, so the first rate is the peak."""
    assert WarmupCosine().build(1e-4, num_epochs=100, steps_per_epoch=7).lr(0) == 1e-4


def test_an_empty_run_is_refused() -> None:
    with pytest.raises(ConfigError, match="100 epochs of 0 steps leave nothing to train"):
        WarmupCosine().build(1e-4, num_epochs=100, steps_per_epoch=0)


def test_a_warm_up_without_end_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        WarmupCosine(warmup_epochs=2).build(1e-4, num_epochs=2, steps_per_epoch=10)
    assert "a warm-up of 2.0 epochs does not end before the run's 2" in str(caught.value)
    assert "legal: less than 2" in str(caught.value)


def test_a_negative_warm_up_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'warmup_epochs'.*-1"):
        read(WarmupCosine, {"warmup_epochs": -1}, "grid.yaml")
