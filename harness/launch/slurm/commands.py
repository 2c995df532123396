"""The one place that calls Slurm's commands, and what their answers mean.

Tests put a runner of recorded answers in the place of `run`, for what a live cluster
cannot be made to say on demand.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

TIMEOUT_S = 30.0
NEEDED = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")


@dataclass(frozen=True)
class Said:
    """What a command answered.

    Attributes:
        code: Its exit status; 127 where there is no such command, 124 where it did not answer in time.
        out: On standard output.
        err: On standard error.
    """

    code: int
    out: str = ""
    err: str = ""


Runner = Callable[[Sequence[str], float], Said]


def run(words: Sequence[str], timeout_s: float = TIMEOUT_S) -> Said:
    """Run a command to its end, or for so long."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=timeout_s)
    except FileNotFoundError:
        return Said(127, err=f"there is no command {words[0]!r}")
    except subprocess.TimeoutExpired:
        return Said(124, err=f"{words[0]} did not answer within {timeout_s:g} s")
    return Said(done.returncode, done.stdout, done.stderr)


class Slurm:
    """A cluster, asked through its commands.

    Args:
        runner: Runs them.
    """

    def __init__(self, runner: Runner = run) -> None:
        self._run = runner

    def missing(self) -> list[str]:
        """The commands that are not here."""
        return [name for name in NEEDED if self._run([name, "--version"], TIMEOUT_S).code == 127]

    def answers(self) -> Said:
        """Whether the controller is up, code 0, and what it says."""
        return self._run(["scontrol", "ping"], TIMEOUT_S)

    def settings(self) -> dict[str, str]:
        """The cluster's configuration, as far as the controller tells it."""
        lines = self._run(["scontrol", "show", "config"], TIMEOUT_S).out.splitlines()
        pairs = (line.partition("=") for line in lines if re.match(r"\S+\s+=", line))
        return {name.strip(): value.strip() for name, _, value in pairs}

    def partitions(self) -> dict[str, dict[str, str]]:
        """Each partition's settings by name."""
        lines = self._run(["scontrol", "show", "partition", "--oneliner"], TIMEOUT_S).out.splitlines()
        found = [dict(word.partition("=")[::2] for word in line.split() if "=" in word) for line in lines]
        return {settings["PartitionName"]: settings for settings in found if "PartitionName" in settings}

    def accounting(self) -> Said:
        """What sacct says of the last hour's jobs; code 0 where accounting works."""
        return self._run(
            ["sacct", "--allocations", "--noheader", "--starttime", "now-1hours", "-o", "jobid"], TIMEOUT_S
        )

    def test_only(self, flags: Sequence[str]) -> Said:
        """Whether a job with these flags would be taken, and when it would start; nothing is submitted."""
        return self._run(["sbatch", "--test-only", *flags, "--wrap", "true"], TIMEOUT_S)

    def on_nodes(self, flags: Sequence[str], words: Sequence[str], timeout_s: float) -> Said:
        """Run a program on nodes and wait for it."""
        return self._run(["srun", "--quiet", *flags, *words], timeout_s)
