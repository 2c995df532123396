"""What can be wrong between a profile and its cluster, one check a function, and how to mend it."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from harness.files import locked
from harness.launch.slurm.commands import Slurm
from harness.launch.slurm.profile import DURATION, Profile
from harness.launch.slurm.site import BEAT

OLDEST = (20, 11)
SMALL_ARRAY = 1000
WAIT_S = 300.0
REQUIRED = ("torch", "timm")

Level = Literal["ok", "note", "wrong"]


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        about: What was looked at.
        level: `wrong` keeps jobs from running, a `note` costs something.
        text: What was found.
        mend: What to do; empty where nothing need be done.
    """

    about: str
    level: Level
    text: str
    mend: str = ""


def examined(profile: Profile, slurm: Slurm, store: Path, nodes: int) -> Iterator[Finding]:
    """Every finding in turn; where the cluster cannot be asked at all, the checks after it are left out.

    Args:
        profile: What jobs are told.
        slurm: The cluster.
        store: Where runs go.
        nodes: How many nodes are asked; with 0 no job is started.
    """
    if missing := slurm.missing():
        yield Finding(
            "commands", "wrong", f"{', '.join(missing)} not found", "go to a login node, or load Slurm's module"
        )
        return
    said = slurm.answers()
    if said.code:
        text = (said.err or said.out).strip()
        yield Finding("controller", "wrong", f"it does not answer: {text}", "check SLURM_CONF, or ask the site")
        return
    settings = slurm.settings()
    yield _version(settings)
    yield _accounting(settings, slurm)
    yield _arrays(settings)
    yield _preemption(settings)
    yield from _partition(profile, slurm)
    taken = _taken(profile, slurm, max(1, nodes))
    yield taken
    if nodes and taken.level != "wrong":
        yield from _on_nodes(profile, slurm, store, nodes)


def _version(settings: Mapping[str, str]) -> Finding:
    text = settings.get("SLURM_VERSION", "0.0")
    parts = tuple(int(part) for part in text.split(".")[:2])
    if parts < OLDEST:
        return Finding("version", "note", f"Slurm {text} is older than any that was tried", "expect surprises")
    return Finding("version", "ok", f"Slurm {text}")


def _accounting(settings: Mapping[str, str], slurm: Slurm) -> Finding:
    kind, said = settings.get("AccountingStorageType", "(none)"), slurm.accounting()
    if kind.endswith("none") or kind == "(null)":
        return Finding(
            "accounting",
            "wrong",
            "the cluster keeps none: sacct cannot say what became of a job, and Submitit waits for ever",
            "ask the site for slurmdbd; runs that have ended are known by their folders",
        )
    if said.code:
        return Finding("accounting", "wrong", f"sacct fails: {said.err.strip()}", "ask the site; slurmdbd may be down")
    return Finding("accounting", "ok", f"{kind}, sacct answers")


def _arrays(settings: Mapping[str, str]) -> Finding:
    largest = int(settings.get("MaxArraySize", "0"))
    text = f"job arrays have {largest - 1} tasks at most (MaxArraySize {largest})"
    if largest < 2:
        return Finding("arrays", "wrong", "the cluster allows no job arrays", "ask the site to raise MaxArraySize")
    return Finding("arrays", "note" if largest < SMALL_ARRAY else "ok", text)


def _preemption(settings: Mapping[str, str]) -> Finding:
    mode, kind = settings.get("PreemptMode", "OFF"), settings.get("PreemptType", "(null)")
    requeues = settings.get("JobRequeue", "0") == "1"
    if mode == "OFF" or kind in ("preempt/none", "(null)"):
        return Finding(
            "preemption", "ok", f"none; jobs {'requeue' if requeues else 'do not requeue'} after a node fails"
        )
    if "CANCEL" in mode:
        return Finding(
            "preemption",
            "note",
            f"{kind} {mode}: a preempted job is gone",
            "submit again, which goes on from checkpoints",
        )
    return Finding("preemption", "ok", f"{kind} {mode}")


def _partition(profile: Profile, slurm: Slurm) -> Iterator[Finding]:
    partitions = slurm.partitions()
    default = next((name for name, values in partitions.items() if values.get("Default") == "YES"), None)
    name = profile.partition or default
    if name is None:
        yield Finding("partition", "wrong", "the profile names none and the cluster has no default", _named(partitions))
        return
    if name not in partitions:
        yield Finding("partition", "wrong", f"there is no partition {name!r}", _named(partitions))
        return
    found = partitions[name]
    limit = found.get("MaxTime", "UNLIMITED")
    if _minutes(limit) < profile.minutes():
        text = f"{name} ends jobs after {limit}, and the profile asks for {profile.time_limit}"
        yield Finding("time limit", "wrong", text, f"set time_limit to {limit} or less")
    else:
        yield Finding("time limit", "ok", f"{profile.time_limit}, and {name} allows {limit}")
    yield Finding("partition", "ok", f"{name}: {found.get('TotalNodes', '?')} nodes, {found.get('State', '?')}")


def _named(partitions: Mapping[str, Any]) -> str:
    return f"set partition to one of {', '.join(partitions) or '(none)'}"


def _minutes(limit: str) -> float:
    """A limit as scontrol writes it; infinite where it is UNLIMITED."""
    match = re.fullmatch(DURATION, limit)
    if match is None:
        return float("inf")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return (days * 24 + hours) * 60 + minutes + seconds / 60


def _taken(profile: Profile, slurm: Slurm, nodes: int) -> Finding:
    """Account, QOS, constraint, memory and GPUs, all judged by Slurm itself."""
    said = slurm.test_only(list(profile.flags(nodes)))
    text = (said.err or said.out).strip().splitlines()[-1:] or [""]
    if said.code:
        refusal = text[0].replace("sbatch: error: ", "")
        return Finding(
            "profile", "wrong", f"Slurm refuses such a job: {refusal}", "change what it names in the profile"
        )
    return Finding("profile", "ok", text[0].removeprefix("sbatch: "))


def _on_nodes(profile: Profile, slurm: Slurm, store: Path, nodes: int) -> Iterator[Finding]:
    """What the nodes find of themselves, asked by a small job of one rank a node."""
    with _left(store) as token:
        flags = [flag for flag in profile.flags(nodes) if not flag.startswith("--ntasks-per-node")]
        python, interface = profile.python or sys.executable, profile.interface or "-"
        words = [python, "-m", "harness.launch.slurm.site", str(store.resolve()), token, interface]
        said = slurm.on_nodes([*flags, "--ntasks-per-node=1"], words, WAIT_S)
    if said.code:
        text = (said.err.strip().splitlines() or ["no reason given"])[-1]
        yield Finding("nodes", "wrong", f"the job that looks at them failed: {text}", "run it again, or with --nodes 0")
        return
    for site in map(json.loads, said.out.splitlines()):
        yield from _site(profile, site)


@contextlib.contextmanager
def _left(store: Path) -> Iterator[str]:
    """A file in the store for the nodes to find, and a lock that is held; both are gone afterwards."""
    folder, token = store / BEAT, uuid.uuid4().hex[:10]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        (folder / token).touch()
        with locked(folder / f"{token}.lock"):
            yield token
    finally:
        for path in folder.glob(f"{token}*"):
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()


def _faults(profile: Profile, site: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with a node, each with its mend."""
    if not site["store"]:
        yield "it does not see the store", "put the store on a file system that all nodes share"
    if not site["renames"]:
        yield "it cannot rename a file in the store", "make the store writable there"
    if not site["locked"]:
        mend = "use a file system with locks over nodes (Lustre: mounted with -o flock)"
        yield "it does not see a lock that this machine holds", mend
    if not site["interface"]:
        legal = ", ".join(site["interfaces"])
        yield f"it has no network interface {profile.interface!r}", f"set interface to one of {legal}, or to null"
    if site["gpus"] < profile.gpus_per_node:
        yield f"it has {site['gpus']} GPUs of {profile.gpus_per_node}", "change gpus_per_node or the partition"
    if site["cores"] < profile.cpus_per_rank:
        yield f"a rank gets {site['cores']} cores of {profile.cpus_per_rank}", "lower cpus_per_rank"
    if lacking := [name for name in REQUIRED if name not in site["libraries"]]:
        mend = "install harness where the nodes see it, and name its interpreter as python"
        yield f"its Python lacks {', '.join(lacking)}", mend


def _site(profile: Profile, site: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong with a node, or what it has."""
    wrong = list(_faults(profile, site))
    for text, mend in wrong:
        yield Finding(site["node"], "wrong", text, mend)
    if not wrong:
        has = f"{site['cores']} cores a rank, {site['gpus']} GPUs, {', '.join(site['interfaces'])}"
        yield Finding(site["node"], "ok", f"{has}; {', '.join(site['libraries'])}")
