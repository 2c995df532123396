"""What the doctor says of clusters that answer from a script, a fault each."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from harness.launch.slurm.checks import Finding, examined
from harness.launch.slurm.commands import Said, Slurm
from harness.launch.slurm.profile import Profile
from harness.launch.slurm.site import BEAT, found

CONFIG = {
    "AccountingStorageType": "accounting_storage/slurmdbd",
    "JobRequeue": "1",
    "MaxArraySize": "1001",
    "PreemptMode": "OFF",
    "PreemptType": "preempt/none",
    "SLURM_VERSION": "22.05.8",
}
PARTITION = "PartitionName=main AllowGroups=ALL Default=YES MaxTime=1-00:00:00 State=UP TotalNodes=2"
SITE: dict[str, Any] = {
    "node": "n1", "python": "3.11.2", "cores": 8, "gpus": 0, "store": True, "renames": True, "locked": True,
    "port": 4711, "interfaces": ["lo", "eth0"], "interface": True, "libraries": ["torch", "timm", "submitit"],
}  # fmt: skip


def cluster(config: Mapping[str, str] | None = None, **answers: Said) -> Slurm:
    """A healthy cluster of two nodes, but for what is given: settings, or the answer of a command."""
    lines = "\n".join(f"{name:<24}= {value}" for name, value in {**CONFIG, **(config or {})}.items())
    usual = {
        "scontrol ping": Said(0, "Slurmctld(primary) at localhost is UP\n"),
        "scontrol show config": Said(0, f"Configuration data as of 2026-01-01T00:00:00\n{lines}\n"),
        "scontrol show partition": Said(0, f"{PARTITION}\n"),
        "sacct": Said(0),
        "sbatch": Said(0, err="sbatch: Job 7 to start at 2026-01-01T00:00:00 using 2 processors on nodes n[1-2]\n"),
        "srun": Said(0, f"{json.dumps(SITE)}\n{json.dumps({**SITE, 'node': 'n2'})}\n"),
    }

    def answer(words: Sequence[str], timeout_s: float) -> Said:
        if words[1:] == ["--version"]:
            return answers.get(f"{words[0]}_version", Said(0, "slurm 22.05.8\n"))
        name = " ".join(words[:3]) if words[0] == "scontrol" else words[0]
        found = next(key for key in usual if name.startswith(key))
        return answers.get(found.replace(" ", "_"), usual[found])

    return Slurm(answer)


def findings(tmp_path: Path, slurm: Slurm, nodes: int = 2, **profile: Any) -> dict[str, Finding]:
    return {one.about: one for one in examined(Profile(**profile), slurm, tmp_path / "store", nodes)}


def test_a_healthy_cluster_has_nothing_wrong(tmp_path: Path) -> None:
    found = findings(tmp_path, cluster())
    assert {one.level for one in found.values()} == {"ok"}
    assert {"version", "accounting", "arrays", "preemption", "partition", "time limit", "profile", "n1", "n2"} == set(
        found
    )
    assert not list((tmp_path / "store").iterdir()), "nothing is left in the store"


@pytest.mark.parametrize(
    ("config", "about", "level", "text"),
    [
        ({"AccountingStorageType": "accounting_storage/none"}, "accounting", "wrong", "keeps none"),
        ({"MaxArraySize": "6"}, "arrays", "note", "5 tasks at most"),
        ({"MaxArraySize": "1"}, "arrays", "wrong", "no job arrays"),
        ({"PreemptMode": "CANCEL", "PreemptType": "preempt/partition_prio"}, "preemption", "note", "is gone"),
        ({"PreemptMode": "REQUEUE", "PreemptType": "preempt/partition_prio"}, "preemption", "ok", "REQUEUE"),
        ({"JobRequeue": "0"}, "preemption", "ok", "do not requeue"),
        ({"SLURM_VERSION": "19.05.1"}, "version", "note", "19.05.1"),
    ],
)
def test_settings_of_the_cluster(tmp_path: Path, config: dict[str, str], about: str, level: str, text: str) -> None:
    found = findings(tmp_path, cluster(config))[about]
    assert (found.level, text in found.text) == (level, True)
    assert found.mend or level == "ok" or about == "arrays"


@pytest.mark.parametrize(
    ("site", "text", "mend"),
    [
        ({"store": False}, "does not see the store", "file system"),
        ({"renames": False}, "cannot rename", "writable"),
        ({"locked": False}, "does not see a lock", "flock"),
        ({"interface": False}, "no network interface 'ib0'", "lo, eth0"),
        ({"cores": 1}, "1 cores of 4", "cpus_per_rank"),
        ({"libraries": ["timm"]}, "lacks torch", "install harness"),
    ],
)
def test_faults_of_a_node(tmp_path: Path, site: dict[str, Any], text: str, mend: str) -> None:
    answer = Said(0, f"{json.dumps({**SITE, **site})}\n")
    found = findings(tmp_path, cluster(srun=answer), nodes=1, cpus_per_rank=4, interface="ib0")["n1"]
    assert found.level == "wrong"
    assert text in found.text
    assert mend in found.mend


def test_fewer_gpus_than_the_profile_wants(tmp_path: Path) -> None:
    found = findings(tmp_path, cluster(srun=Said(0, json.dumps({**SITE, "gpus": 2}))), nodes=1, gpus_per_node=4)
    assert found["n1"].text == "it has 2 GPUs of 4"


def test_a_machine_without_slurm_ends_the_examination(tmp_path: Path) -> None:
    found = findings(tmp_path, cluster(sbatch_version=Said(127), srun_version=Said(127)))
    assert list(found) == ["commands"]
    assert found["commands"].text == "sbatch, srun not found"


def test_a_controller_that_is_down_ends_it_too(tmp_path: Path) -> None:
    found = findings(tmp_path, cluster(scontrol_ping=Said(1, err="Slurmctld(primary) at localhost is DOWN\n")))
    assert list(found) == ["controller"]
    assert "DOWN" in found["controller"].text


def test_accounting_that_is_configured_and_does_not_answer(tmp_path: Path) -> None:
    found = findings(tmp_path, cluster(sacct=Said(124, err="sacct did not answer within 30 s")))["accounting"]
    assert (found.level, "did not answer" in found.text) == ("wrong", True)


def test_a_partition_that_is_not_there_or_too_short(tmp_path: Path) -> None:
    assert "'gpu'" in findings(tmp_path, cluster(), partition="gpu")["partition"].text
    assert "main" in findings(tmp_path, cluster(), partition="gpu")["partition"].mend
    found = findings(tmp_path, cluster(), time_limit="1-00:00:01")["time limit"]
    assert (found.level, "1-00:00:00" in found.mend) == ("wrong", True)


def test_a_profile_that_slurm_refuses_starts_no_job(tmp_path: Path) -> None:
    refusal = Said(1, err="allocation failure: Invalid account\nsbatch: error: Invalid account or account/partition\n")
    found = findings(tmp_path, cluster(sbatch=refusal, srun=Said(1, err="must not be asked")))
    assert found["profile"].text == "Slurm refuses such a job: Invalid account or account/partition"
    assert "nodes" not in found


def test_a_job_that_does_not_come_to_an_end(tmp_path: Path) -> None:
    found = findings(tmp_path, cluster(srun=Said(124, err="srun did not answer within 300 s")))["nodes"]
    assert (found.level, "300 s" in found.text, "--nodes 0" in found.mend) == ("wrong", True, True)


def test_no_job_where_none_is_wanted(tmp_path: Path) -> None:
    assert "n1" not in findings(tmp_path, cluster(), nodes=0)
    assert not (tmp_path / "store").exists()


def _renames(folder: str, process: str) -> bool:
    os.environ["SLURM_PROCID"] = process
    return all(found(Path(folder), "token", None)["renames"] for _ in range(300))


def test_processes_that_look_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    (tmp_path / BEAT).mkdir()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(_renames, [str(tmp_path)] * 2, ["0", "1"])) == [True, True]
