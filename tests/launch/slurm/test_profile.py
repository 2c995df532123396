"""Profiles: what they may say, and every one that is shipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigError
from harness.launch.slurm.profile import Profile, load_profile
from support.fresh import ROOT

SHIPPED = sorted((ROOT / "slurm" / "profiles").glob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_profile_is_read_and_opens_with_its_command(path: Path) -> None:
    load_profile(str(path))
    assert f"harness doctor --profile {path.stem}" in path.read_text()


@pytest.mark.parametrize(
    ("limit", "minutes"), [("0:30:00", 30), ("4:00", 240), ("1-00:00:00", 1440), ("2-03:04:05", 3065), ("0:00:01", 1)]
)
def test_time_limits(limit: str, minutes: int) -> None:
    assert Profile(time_limit=limit).minutes() == minutes


def test_flags_hold_what_is_said_and_nothing_else() -> None:
    assert list(Profile().flags(1)) == ["--nodes=1", "--ntasks-per-node=1", "--cpus-per-task=1", "--time=240"]
    told = Profile(partition="gpu", account="me", gpus_per_node=4, ranks_per_node=4, memory_per_node="64G")
    assert list(told.flags(2)) == [
        "--partition=gpu", "--account=me", "--nodes=2", "--ntasks-per-node=4", "--cpus-per-task=1", "--time=240",
        "--mem=64G", "--gpus-per-node=4",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("time_limit: 30", "time_limit"),
        ("time_limit: tomorrow", "tomorrow"),
        ("partion: gpu", "partion"),
        ("memory_per_node: lots", "lots"),
        ("grace_s: 1", "grace_s"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=named):
        load_profile(str(path))


def test_a_profile_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("partition: gpu\n")
    assert load_profile("site", tmp_path).partition == "gpu"
    with pytest.raises(ConfigError, match=r"(?s)no profile 'sit'.*legal: site.*site"):
        load_profile("sit", tmp_path)
