"""Places read from the variables that each launcher sets, as they look in its processes."""

from __future__ import annotations

import pytest

from harness.distributed.place import Place, place_from_environment
from harness.errors import ConfigError


def slurm_task(rank: int) -> dict[str, str]:
    """A task of `sbatch --nodes=2 --ntasks-per-node=2` started by `srun`."""
    return {
        "SLURM_CLUSTER_NAME": "hpc",
        "SLURM_CPUS_ON_NODE": "8",
        "SLURM_GTIDS": "0,1" if rank < 2 else "2,3",
        "SLURM_JOB_CPUS_PER_NODE": "8(x2)",
        "SLURM_JOB_ID": "4711",
        "SLURM_JOB_NODELIST": "gpu[03,07]",
        "SLURM_JOB_NUM_NODES": "2",
        "SLURM_LAUNCH_NODE_IPADDR": "10.1.0.3",
        "SLURM_LOCALID": str(rank % 2),
        "SLURM_NNODES": "2",
        "SLURM_NODEID": str(rank // 2),
        "SLURM_NODELIST": "gpu[03,07]",
        "SLURM_NPROCS": "4",
        "SLURM_NTASKS": "4",
        "SLURM_NTASKS_PER_NODE": "2",
        "SLURM_PROCID": str(rank),
        "SLURM_STEPID": "0",
        "SLURM_STEP_ID": "0",
        "SLURM_STEP_NODELIST": "gpu[03,07]",
        "SLURM_STEP_NUM_NODES": "2",
        "SLURM_STEP_NUM_TASKS": "4",
        "SLURM_STEP_TASKS_PER_NODE": "2(x2)",
        "SLURM_TASKS_PER_NODE": "2(x2)",
        "SLURMD_NODENAME": "gpu03" if rank < 2 else "gpu07",
    }


def slurm_batch_script() -> dict[str, str]:
    """The batch script of the same job, outside any step."""
    task = slurm_task(0)
    return {name: value for name, value in task.items() if "STEP" not in name and name != "SLURM_LAUNCH_NODE_IPADDR"}


def torchrun_process(rank: int) -> dict[str, str]:
    """A process of `torchrun --nnodes=2 --nproc-per-node=3`."""
    return {
        "GROUP_RANK": str(rank // 3),
        "GROUP_WORLD_SIZE": "2",
        "LOCAL_RANK": str(rank % 3),
        "LOCAL_WORLD_SIZE": "3",
        "MASTER_ADDR": "gpu03",
        "MASTER_PORT": "29400",
        "OMP_NUM_THREADS": "1",
        "RANK": str(rank),
        "ROLE_NAME": "default",
        "ROLE_RANK": str(rank),
        "ROLE_WORLD_SIZE": "6",
        "TORCHELASTIC_RESTART_COUNT": "0",
        "TORCHELASTIC_RUN_ID": "a1",
        "WORLD_SIZE": "6",
    }


def submitit_task(rank: int) -> dict[str, str]:
    """A task of Submitit's local executor with `tasks_per_node=2`."""
    return {
        "SUBMITIT_EXECUTOR": "local",
        "SUBMITIT_LOCAL_COMMAND": "python -u -m submitit.core._submit folder",
        "SUBMITIT_LOCAL_GLOBALID": str(rank),
        "SUBMITIT_LOCAL_JOB_ID": "31415",
        "SUBMITIT_LOCAL_JOB_NUM_NODES": "1",
        "SUBMITIT_LOCAL_LOCALID": str(rank),
        "SUBMITIT_LOCAL_NODEID": "0",
        "SUBMITIT_LOCAL_NTASKS": "2",
        "SUBMITIT_LOCAL_SIGNAL_DELAY_S": "30",
        "SUBMITIT_LOCAL_TIMEOUT_S": "3600",
    }


@pytest.mark.parametrize("rank", range(4))
def test_slurm_step(rank: int) -> None:
    assert place_from_environment(slurm_task(rank)) == Place(rank, rank % 2, 4, 2)


@pytest.mark.parametrize("rank", range(6))
def test_torchrun(rank: int) -> None:
    assert place_from_environment(torchrun_process(rank)) == Place(rank, rank % 3, 6, 3, "gpu03")


@pytest.mark.parametrize("rank", range(2))
def test_submitit_local(rank: int) -> None:
    place = place_from_environment(submitit_task(rank))
    assert place == Place(rank, rank, 2, 2)
    assert place.single_host


@pytest.mark.parametrize(
    "environ", [{}, {"PATH": "/bin", "SUBMITIT_LOCAL_NTASKS": "2", "SUBMITIT_EXECUTOR": "local"}, slurm_batch_script()]
)
def test_alone(environ: dict[str, str]) -> None:
    assert place_from_environment(environ) == Place(0, 0, 1, 1)


def test_uneven_nodes() -> None:
    step = {**slurm_task(0), "SLURM_STEP_TASKS_PER_NODE": "3(x2),1,2(x1)", "SLURM_STEP_NUM_TASKS": "9"}
    for node, tasks in enumerate((3, 3, 1, 2)):
        environ = {**step, "SLURM_NODEID": str(node), "SLURM_LOCALID": "0"}
        assert place_from_environment(environ).local_world_size == tasks


def test_torchrun_wins_over_the_step_that_started_it() -> None:
    assert place_from_environment({**slurm_task(1), **torchrun_process(4)}) == Place(4, 1, 6, 3, "gpu03")


def test_submitit_local_wins_over_an_outer_allocation() -> None:
    assert place_from_environment({**slurm_task(3), **submitit_task(1)}) == Place(1, 1, 2, 2)


def test_a_slurm_job_started_from_a_local_one_is_slurms() -> None:
    environ = {**submitit_task(1), **slurm_task(3), "SUBMITIT_EXECUTOR": "slurm"}
    assert place_from_environment(environ) == Place(3, 1, 4, 2)


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        *((torchrun_process(1), name) for name in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")),
        *((submitit_task(1), f"SUBMITIT_LOCAL_{name}") for name in ("GLOBALID", "LOCALID", "NTASKS")),
        *((slurm_task(1), f"SLURM_{name}") for name in ("PROCID", "LOCALID", "NODEID")),
    ],
)
def test_a_missing_variable_is_named(environ: dict[str, str], name: str) -> None:
    partial = {key: value for key, value in environ.items() if key != name}
    with pytest.raises(ConfigError, match=rf"variable {name} is missing\n  where: .*=.*\n  mend: .*unset"):
        place_from_environment(partial)


@pytest.mark.parametrize(
    ("environ", "name", "value", "legal"),
    [
        (torchrun_process(1), "RANK", "6", "0 to 5, as WORLD_SIZE is 6"),
        (torchrun_process(1), "RANK", "one", "a number, 0 or more"),
        (torchrun_process(1), "RANK", "-1", "a number, 0 or more"),
        (torchrun_process(1), "WORLD_SIZE", "", "a number, 0 or more"),
        (torchrun_process(1), "WORLD_SIZE", "0", "at least 1"),
        (torchrun_process(1), "LOCAL_RANK", "3", "0 to 2, as LOCAL_WORLD_SIZE is 3"),
        (torchrun_process(1), "LOCAL_WORLD_SIZE", "7", "1 to 6 on one host, as WORLD_SIZE is 6"),
        (submitit_task(1), "SUBMITIT_LOCAL_GLOBALID", "2", "0 to 1, as SUBMITIT_LOCAL_NTASKS is 2"),
        (slurm_task(3), "SLURM_PROCID", "4", "0 to 3, as SLURM_STEP_NUM_TASKS is 4"),
        (slurm_task(3), "SLURM_LOCALID", "2", r"0 to 1, as SLURM_STEP_TASKS_PER_NODE is 2\(x2\)"),
        (slurm_task(3), "SLURM_NODEID", "2", r"0 to 1, as SLURM_STEP_TASKS_PER_NODE is 2\(x2\)"),
        (slurm_task(3), "SLURM_STEP_TASKS_PER_NODE", "2", "4 tasks over the nodes"),
        (slurm_task(3), "SLURM_STEP_TASKS_PER_NODE", "two", "4 tasks over the nodes"),
    ],
)
def test_a_contradiction_is_named(environ: dict[str, str], name: str, value: str, legal: str) -> None:
    with pytest.raises(
        ConfigError, match=rf"variable {name} is '{value}'\n  where: .*\n  legal: .*{legal}.*\n  mend: "
    ):
        place_from_environment({**environ, name: value})
