"""The development cluster: it starts in half a minute, is a real one, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.fresh import ROOT

DEV = ROOT / "slurm" / "dev"
SECONDS = 30

pytestmark = [pytest.mark.system, pytest.mark.time_limit(180)]


def dev(script: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"HARNESS_SLURM_DEV": str(folder), "HARNESS_SLURM_PORT": "17300"}
    command = [str(DEV / script), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def slurm(folder: Path, *words: str) -> str:
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
    said = subprocess.run(words, env=environment, capture_output=True, text=True, check=False, timeout=60)
    return said.stdout + said.stderr


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path, which sockets need, that the cluster makes itself; down again whatever happens."""
    path = Path(f"/var/tmp/harness-slurm-test-{os.getpid()}")
    yield path
    assert dev("down", path).returncode == 0
    assert traces(path) == []


def traces(folder: Path) -> list[str]:
    """What of a cluster is still there: files, names of nodes, processes, links."""
    names = [line for line in Path("/etc/hosts").read_text().splitlines() if line.endswith("# harness-slurm")]
    links = [path.name for path in Path("/sys/class/net").iterdir() if path.name.startswith("harness-")]
    processes = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in words and int(entry.name) != os.getpid():
            processes.append(words[:80].decode(errors="replace"))
    return [*map(str, [folder] if folder.exists() else []), *names, *links, *processes]


def test_it_starts_runs_a_job_on_two_nodes_and_accounts_for_it(folder: Path) -> None:
    started = time.monotonic()
    said = dev("up", folder)
    assert said.returncode == 0, said.stderr
    assert time.monotonic() - started < SECONDS
    assert dev("status", folder).returncode == 0
    assert dev("status", folder, "--conf").stdout.strip() == str(folder / "slurm.conf")
    names = slurm(folder, "srun", "-N2", "-n2", "sh", "-c", "echo $SLURMD_NODENAME; getent hosts $SLURMD_NODENAME")
    assert {"n1", "n2"} <= set(names.split())
    until(lambda: "COMPLETED" in slurm(folder, "sacct", "-X", "-n", "-o", "state"))


def test_a_second_one_is_refused_and_the_first_stays(folder: Path) -> None:
    assert dev("up", folder, "no-accounting").returncode == 0
    said = dev("up", folder)
    assert said.returncode == 1
    assert "a development cluster is there already" in said.stderr
    assert dev("status", folder).returncode == 0


def test_down_ends_running_jobs_with_their_children(folder: Path) -> None:
    assert dev("up", folder, "no-accounting").returncode == 0
    slurm(folder, "sbatch", "-N1", "-o", "/dev/null", "--wrap", "sleep 4711 & sleep 4711")
    until(lambda: "R" in slurm(folder, "squeue", "-h", "-o", "%t"))
    assert dev("down", folder).returncode == 0
    assert subprocess.run(["pgrep", "-f", "sleep 4711"], capture_output=True, check=False).stdout == b""


def test_what_it_did_not_make_it_does_not_touch(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine")
    for script in ("up", "down"):
        said = dev(script, tmp_path)
        assert said.returncode == 1, script
        assert "was not made by slurm/dev/up" in said.stderr
    assert (tmp_path / "kept").read_text() == "mine"


def test_no_variant_of_that_name(tmp_path: Path) -> None:
    said = dev("up", tmp_path / "new", "chunk")
    assert said.returncode == 1
    assert "there is no variant 'chunk'" in said.stderr
    assert "chunks" in said.stderr
    assert not (tmp_path / "new").exists()


def test_without_a_cluster_status_says_so(tmp_path: Path) -> None:
    said = dev("status", tmp_path)
    assert said.returncode == 3
    assert "slurm/dev/up starts one" in said.stderr
    assert dev("down", tmp_path / "none").returncode == 0


def test_chunks_refuse_a_long_array(folder: Path) -> None:
    assert dev("up", folder, "chunks").returncode == 0
    assert "Invalid job array" in slurm(folder, "sbatch", "--array=0-9", "--wrap", "true")
    assert "Submitted" in slurm(folder, "sbatch", "--array=0-5", "-o", "/dev/null", "--wrap", "true")


@pytest.mark.parametrize(("variant", "after"), [("requeue", {"PD", "R"}), ("cancel", {""})])
def test_a_job_of_high_takes_the_place_of_one_of_main(folder: Path, variant: str, after: set[str]) -> None:
    assert dev("up", folder, variant).returncode == 0
    low = submitted(folder)
    until(lambda: state(folder, low) == "R")
    high = submitted(folder, "-p", "high")
    until(lambda: state(folder, high) == "R", 60)
    assert state(folder, low) in after


def submitted(folder: Path, *words: str) -> str:
    """A job that takes both nodes and sleeps; its id."""
    asked = ["sbatch", "--parsable", "-N2", "--exclusive", "-o", "/dev/null", *words, "--wrap", "sleep 600"]
    return slurm(folder, *asked).strip()


def state(folder: Path, job: str) -> str:
    """PD, R, or nothing where the job is over."""
    return slurm(folder, "squeue", "-h", "-j", job, "-t", "PD,R", "-o", "%t").strip()


def test_namespaces_give_addresses_and_links_that_can_be_cut(folder: Path) -> None:
    assert dev("up", folder, "namespaces").returncode == 0
    own = slurm(folder, "srun", "-N2", "-n2", "sh", "-c", "ip -4 -o address show eth0")
    assert {"10.77.0.11/24", "10.77.0.12/24"} <= set(own.split())
    assert reaches("n1", 2)
    assert dev("link", folder, "cut", "2").returncode == 0
    assert not reaches("n1", 2)
    assert dev("link", folder, "mend", "2").returncode == 0
    until(lambda: reaches("n1", 2))


def reaches(node: str, other: int) -> bool:
    """Whether one node can open the port of another one's slurmd."""
    probe = f"import socket; socket.create_connection(('10.77.0.{10 + other}', {17310 + other}), 2).close()"
    command = ["nsenter", f"--net=/run/netns/harness-{node}", "python3", "-c", probe]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def until(holds: object, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    assert callable(holds)
    while not holds():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("variant", "told"),
    [
        ("plain", "accounting_storage/slurmdbd, sacct answers"),
        ("chunks", "5 tasks at most"),
        ("no-accounting", "the cluster keeps none"),
        ("cancel", "a preempted job is gone"),
    ],
)
def test_the_doctor_tells_one_cluster_from_another(folder: Path, tmp_path: Path, variant: str, told: str) -> None:
    """By a job on both nodes, which see the store, a held lock and their own libraries."""
    assert dev("up", folder, variant).returncode == 0
    words = ["doctor", "--profile", str(ROOT / "slurm" / "profiles" / "dev.yaml"), "--store", str(tmp_path / "store")]
    said = slurm(folder, sys.executable, "-m", "harness", *words)
    assert told in said
    for node in ("n1", "n2"):
        line = next(line for line in said.splitlines() if f" {node} " in line)
        assert line.startswith("ok"), said
    assert ("wrong" in said) == (variant == "no-accounting"), said
