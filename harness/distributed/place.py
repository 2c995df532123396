"""Where a process stands among the processes of its launch, read from the environment.

Asked in this order, and the first launcher that speaks wins: torchrun (or anything
that sets its four variables), Submitit's local executor, a Slurm step (`srun`).
None of them: the process is alone. The batch script of a Slurm job is no step, so a
program started there without `srun` is alone too, and does not wait for ranks that
nobody starts. No torch here: a planner may ask.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.errors import ConfigError

TORCHRUN = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")
SUBMITIT = ("SUBMITIT_LOCAL_GLOBALID", "SUBMITIT_LOCAL_LOCALID", "SUBMITIT_LOCAL_NTASKS", "SUBMITIT_LOCAL_NTASKS")
SLURM = ("SLURM_PROCID", "SLURM_LOCALID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE")
SLURM_NODE = "SLURM_NODEID"


@dataclass(frozen=True)
class Place:
    """One process of a launch.

    Attributes:
        global_rank: 0 to world_size - 1, over all hosts.
        local_rank: 0 to local_world_size - 1, on this host.
        world_size: The processes of the launch.
        local_world_size: Those on this host.
        first_host: Address of rank 0's host where the launcher names one
            (MASTER_ADDR); empty where rank 0 is to publish its own host name.
    """

    global_rank: int = 0
    local_rank: int = 0
    world_size: int = 1
    local_world_size: int = 1
    first_host: str = ""

    def __post_init__(self) -> None:
        assert 0 <= self.global_rank < self.world_size, self
        assert 0 <= self.local_rank < self.local_world_size <= self.world_size, self

    @property
    def single_host(self) -> bool:
        """Whether every rank of the launch is on this host."""
        return self.local_world_size == self.world_size


def place_from_environment(environ: Mapping[str, str]) -> Place:
    """This process's place, from the variables of its launcher.

    Args:
        environ: The process's environment, `os.environ`.

    Returns:
        Its ranks and the sizes of the launch; alone where no launcher speaks.

    Raises:
        ConfigError: A launcher's variables are there in part, are no numbers or
            contradict each other; it names the variable and its value.
    """
    if any(name in environ for name in TORCHRUN):
        return _place(environ, TORCHRUN, _number(environ, TORCHRUN[3]))
    if any(name in environ for name in SUBMITIT[:2]) and environ.get("SUBMITIT_EXECUTOR", "local") == "local":
        return _place(environ, SUBMITIT, _number(environ, SUBMITIT[3]))
    if SLURM[2] in environ:
        return _place(environ, SLURM, _tasks_on_this_node(environ))
    return Place()


def _place(environ: Mapping[str, str], names: tuple[str, str, str, str], local_world_size: int) -> Place:
    """The place that four variables name, after checking that they agree with each other."""
    global_rank, local_rank, world_size = (_number(environ, name) for name in names[:3])
    if world_size < 1:
        raise _contradiction(environ, names[2], "a number of processes, at least 1")
    if global_rank >= world_size:
        raise _contradiction(environ, names[0], f"0 to {world_size - 1}, as {names[2]} is {world_size}")
    if not 1 <= local_world_size <= world_size:
        raise _contradiction(environ, names[3], f"1 to {world_size} on one host, as {names[2]} is {world_size}")
    if local_rank >= local_world_size:
        raise _contradiction(environ, names[1], f"0 to {local_world_size - 1}, as {names[3]} is {environ[names[3]]}")
    return Place(global_rank, local_rank, world_size, local_world_size, environ.get("MASTER_ADDR", ""))


def _number(environ: Mapping[str, str], name: str) -> int:
    text = environ.get(name)
    if text is None:
        raise ConfigError(
            f"the environment variable {name} is missing",
            where=f"the environment, which has {', '.join(_siblings(environ, name))}",
            mend=f"let the launcher set {name}, or unset the others to run as a single process",
        )
    if not text.isascii() or not text.isdigit():
        raise _contradiction(environ, name, "a number, 0 or more")
    return int(text)


def _tasks_on_this_node(environ: Mapping[str, str]) -> int:
    """The step's tasks on this node, of Slurm's short form: "2(x3),1" is 2, 2, 2 and 1."""
    node = _number(environ, SLURM_NODE)
    name = SLURM[3]
    text = environ.get(name, "")
    parts = [re.fullmatch(r"(\d+)(?:\(x(\d+)\))?", part) for part in text.split(",")]
    counts = [int(part[1]) for part in parts if part for _ in range(int(part[2] or 1))]
    if not all(parts) or sum(counts) != _number(environ, SLURM[2]):
        wanted = f"{environ[SLURM[2]]} tasks over the nodes, as {SLURM[2]} is {environ[SLURM[2]]}: for example 2(x2)"
        raise _contradiction(environ, name, wanted)
    if node >= len(counts):
        raise _contradiction(environ, SLURM_NODE, f"0 to {len(counts) - 1}, as {name} is {text}")
    return counts[node]


def _siblings(environ: Mapping[str, str], name: str) -> list[str]:
    """The variables of the same launcher that are set, with their values."""
    launcher = next(names for names in (TORCHRUN, SUBMITIT, (*SLURM, SLURM_NODE)) if name in names)
    return [f"{other}={environ[other]}" for other in dict.fromkeys(launcher) if other in environ]


def _contradiction(environ: Mapping[str, str], name: str, legal: str) -> ConfigError:
    return ConfigError(
        f"the environment variable {name} is {environ.get(name)!r}",
        where=f"the environment, which has {', '.join(_siblings(environ, name))}",
        legal=legal,
        mend="start the ranks again with the launcher; variables left over from another launch mislead this one",
    )
