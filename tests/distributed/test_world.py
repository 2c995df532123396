"""Joining and leaving process groups, and what the others see when a rank does not come or dies."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from harness.distributed import world as world_module
from harness.distributed.collectives import any_over_ranks, gather_rows
from harness.distributed.place import Place
from harness.distributed.world import LostRankError, World, is_lost_rank, joined
from harness.errors import ConfigError
from support import ranks

PAIR = (Place(0, 0, 2, 2), Place(1, 1, 2, 2))


def around_the_block(world: World) -> tuple[World, str, str | None]:
    return world, dist.get_backend(), os.environ.get("GLOO_SOCKET_IFNAME")


def several_groups(place: Place, rendezvous: Path) -> list[list[int]]:
    """A worker's life: one run after another, the same file name each time."""
    seen = []
    for run in range(6):
        with joined(place, rendezvous, 20, "cpu") as world:
            assert world.rank == place.global_rank
            seen.append(gather_rows(torch.tensor([10 * run + place.global_rank])).tolist())
        assert not dist.is_initialized()
        assert not rendezvous.exists() or place.global_rank > 0
    return seen


def on_two_hosts(place: Place, rendezvous: Path) -> list[int]:
    apart = Place(place.global_rank, 0, place.world_size, 1, "localhost")
    with joined(apart, rendezvous, 20, "cpu"):
        return gather_rows(torch.tensor([place.global_rank])).tolist()


def only_one_comes(place: Place, rendezvous: Path, comer: int) -> str | None:
    if place.global_rank != comer:
        return None
    with pytest.raises(LostRankError) as caught, joined(place, rendezvous, 1.0, "cpu"):
        pass
    return str(caught.value)


def one_goes_wrong(place: Place, rendezvous: Path, how: str, timeout_s: float) -> tuple[str, float]:
    """Rank 1 of three ends in the middle of a run; the others wait for it in a collective."""
    started = time.monotonic()
    try:
        with joined(place, rendezvous, timeout_s, "cpu"):
            any_over_ranks(False)
            started = time.monotonic()
            if place.global_rank == 1:
                go_wrong(how)
            any_over_ranks(False)
    except (LostRankError, ValueError) as error:
        return f"{type(error).__name__}: {error}", time.monotonic() - started
    raise AssertionError("nothing was seen")


def go_wrong(how: str) -> None:
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "hang":
        time.sleep(5)
    raise ValueError("the first error")


@pytest.mark.parametrize("world_size", [1, 2, 4])
def test_world(world_size: int, tmp_path: Path) -> None:
    if world_size == 1:
        with joined(Place(), tmp_path / "never written", accelerator="cpu") as world:
            assert world == World(0, 1, torch.device("cpu"))
            assert not dist.is_initialized()
        assert not list(tmp_path.iterdir())
        return
    for rank, found in enumerate(ranks.run(around_the_block, world_size)):
        assert found == (World(rank, world_size, torch.device("cpu")), "gloo", os.environ.get("GLOO_SOCKET_IFNAME"))


def test_groups_one_after_another(tmp_path: Path) -> None:
    outcomes = ranks.launch(several_groups, 3, tmp_path / "new" / "meet")
    assert not any(outcome.failed for outcome in outcomes), "\n".join(map(str, outcomes))
    assert [outcome.value for outcome in outcomes] == [[[10 * run + r for r in range(3)] for run in range(6)]] * 3
    assert not list((tmp_path / "new").iterdir())


def test_hosts_meet_at_the_published_address(tmp_path: Path) -> None:
    outcomes = ranks.launch(on_two_hosts, 2, tmp_path / "meet")
    assert [outcome.value for outcome in outcomes] == [[0, 1]] * 2, "\n".join(map(str, outcomes))


@pytest.mark.parametrize(
    ("comer", "text"),
    [(0, "rank 0 of 2 lost its connection"), (1, "rank 1 of 2 waited 1 s for rank 0\n  where: {file}")],
)
def test_a_rank_that_never_comes(comer: int, text: str, tmp_path: Path) -> None:
    rendezvous = tmp_path / "meet"
    outcomes = ranks.launch(only_one_comes, 2, rendezvous, comer)
    assert not outcomes[comer].failed, outcomes[comer]
    assert outcomes[comer].value.startswith(text.format(file=rendezvous))
    assert "\n  mend: " in outcomes[comer].value
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("how", "timeout_s"), [("kill", 60.0), ("error", 60.0), ("hang", 2.0)])
def test_a_rank_that_goes_wrong_ends_the_others(how: str, timeout_s: float, tmp_path: Path) -> None:
    """A broken connection is seen at once, not at the time-out; a silent rank at the time-out."""
    outcomes = ranks.launch(one_goes_wrong, 3, tmp_path / "meet", how, timeout_s)
    for survivor in (outcomes[0], outcomes[2]):
        assert not survivor.failed, survivor
        message, seconds = survivor.value
        assert message.startswith(f"LostRankError: rank {survivor.rank} of 3 lost its connection to another rank: ")
        assert "this one only follows from it" in message
        assert seconds < 30
    if how == "kill":
        assert outcomes[1].exit_code == -signal.SIGKILL
    if how == "error":
        assert outcomes[1].value[0] == "ValueError: the first error"


def test_an_error_of_ones_own_is_not_taken_for_a_lost_rank() -> None:
    with pytest.raises(RuntimeError, match="shapes") as caught, world_module._naming_lost_ranks(PAIR[0]):
        raise RuntimeError("shapes cannot be multiplied")
    assert not isinstance(caught.value, LostRankError)


@pytest.mark.parametrize(("visible", "expected"), [(4, "cuda:1"), (1, "cuda:0"), (0, "cpu")])
def test_the_device_is_the_local_ranks(visible: int, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[int] = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: visible)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    device = world_module._device(PAIR[1], "auto")
    assert device == torch.device(expected)
    assert chosen == ([] if expected == "cpu" else [device.index])
    assert world_module._device(PAIR[1], "cpu") == torch.device("cpu")


def test_too_few_devices_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ConfigError, match=r"local rank 2 has no CUDA device.*\n.*2 devices are visible, 3 ranks"):
        world_module._device(Place(2, 2, 3, 3), "auto")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(ConfigError, match="CUDA is asked for and no device is visible\n  legal: auto, cpu"):
        world_module._device(Place(), "cuda")


def test_a_failing_rank_shows_its_traceback() -> None:
    with pytest.raises(
        AssertionError, match=r"(?s)rank 1, exit code 0:\nTraceback.*go_wrong.*ValueError: the first error"
    ):
        ranks.run(fail_on_rank_one, 2)


def test_a_rank_that_hangs_is_killed() -> None:
    started = time.monotonic()
    outcomes = ranks.launch(hang_on_rank_one, 2, timeout_s=2)
    assert time.monotonic() - started < 15
    assert outcomes[0].value == "done"
    assert "killed" in str(outcomes[1])


def fail_on_rank_one(world: World) -> None:
    if world.rank == 1:
        go_wrong("error")


def hang_on_rank_one(place: Place) -> str:
    if place.global_rank == 1:
        go_wrong("hang")
    return "done"


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (RuntimeError("[/src/gloo/transport/tcp/pair.cc:545] Connection reset by peer"), True),
        (torch.distributed.DistBackendError("NCCL error: remote process exited"), True),
        (LostRankError("rank 1 of 2 did not come"), True),
        (RuntimeError("shapes do not match"), False),
        (ValueError("gloo"), False),
    ],
)
def test_an_error_that_only_follows_from_anothers_is_known(error: Exception, lost: bool) -> None:
    assert is_lost_rank(error) is lost
