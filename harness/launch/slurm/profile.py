"""Profiles: what a site's Slurm wants to be told, typed, a YAML file for each site and kind of node.

A profile says where and how jobs go and never what a run yields, so it is no part of
any identity. The file is named on the command line: ``--profile dev`` is
``slurm/profiles/dev.yaml`` below the working folder, and a path is that file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field

from harness.config.base import Config
from harness.config.read import read
from harness.config.yaml import parse
from harness.errors import ConfigError, did_you_mean
from harness.files import read_text

FOLDER = Path("slurm") / "profiles"
DURATION = r"(?:(\d+)-)?(\d+):(\d\d)(?::(\d\d))?"

Word = Annotated[str, Field(pattern=r"^\S+$")]


class Profile(Config):
    """How jobs reach one site's nodes.

    Attributes:
        partition: Where jobs go; None leaves it to the cluster.
        account: Who pays.
        qos: The quality of service.
        constraint: Features that nodes must have.
        ranks_per_node: Ranks that share a node: one for each GPU, or as many as its cores carry.
        gpus_per_node: GPUs of a node, one for each of its ranks; 0 trains on CPUs.
        cpus_per_rank: Cores of each rank.
        memory_per_node: As Slurm writes it, such as `64G`; None leaves it to the cluster.
        time_limit: Of a job, `[days-]hours:minutes[:seconds]`.
        grace_s: Seconds before the limit at which a job is told to write its checkpoint.
        interface: The network interface through which ranks talk; None lets NCCL and Gloo choose.
        setup: Lines that a job's shell runs first, such as `module load cuda`.
        environment: Variables of every job.
        python: The interpreter on the nodes; None is the one that submits.
    """

    partition: Word | None = None
    account: Word | None = None
    qos: Word | None = None
    constraint: str | None = None
    ranks_per_node: int = Field(default=1, ge=1)
    gpus_per_node: int = Field(default=0, ge=0)
    cpus_per_rank: int = Field(default=1, ge=1)
    memory_per_node: Annotated[str, Field(pattern=r"^\d+[KMGT]?$")] | None = None
    time_limit: Annotated[str, Field(pattern=f"^{DURATION}$")] = "4:00:00"
    grace_s: int = Field(default=120, ge=10)
    interface: Word | None = None
    setup: tuple[str, ...] = ()
    environment: dict[str, str] = Field(default_factory=dict)
    python: str | None = None

    def minutes(self) -> int:
        """The time limit in whole minutes, rounded up."""
        days, hours, minutes, seconds = (int(part or 0) for part in re.fullmatch(DURATION, self.time_limit).groups())  # type: ignore[union-attr]
        return (days * 24 + hours) * 60 + minutes + (seconds > 0)

    def flags(self, nodes: int) -> Iterator[str]:
        """What sbatch and srun are told of a job on so many nodes, each full of ranks."""
        named = {"partition": self.partition, "account": self.account, "qos": self.qos, "constraint": self.constraint}
        yield from (f"--{name}={value}" for name, value in named.items() if value is not None)
        yield f"--nodes={nodes}"
        yield f"--ntasks-per-node={self.ranks_per_node}"
        # srun does not inherit it from sbatch since Slurm 22.05, so that both are told.
        yield f"--cpus-per-task={self.cpus_per_rank}"
        yield f"--time={self.minutes()}"
        if self.memory_per_node is not None:
            yield f"--mem={self.memory_per_node}"
        if self.gpus_per_node:
            yield f"--gpus-per-node={self.gpus_per_node}"


def load_profile(name: str, folder: Path = FOLDER) -> Profile:
    """A profile by its name or its path.

    Raises:
        ConfigError: There is none, or a setting of it is wrong.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else folder / f"{name}.yaml"
    if not path.is_file():
        known = sorted(found.stem for found in folder.glob("*.yaml"))
        raise ConfigError(
            f"there is no profile {name!r}",
            where="--profile",
            legal=[*known, "the path of a YAML file"],
            mend=did_you_mean(name, known) or f"copy one of {str(folder)!r} and name your partition and account in it",
        )
    return read(Profile, parse(read_text(path), str(path)) or {}, str(path))
