"""Where a result comes from: commit, packages, machine, time. It explains a result and never names it."""

from __future__ import annotations

import os
import platform
import socket
import subprocess
import sys
import time
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import harness

PACKAGES = ("torch", "torchvision", "timm", "numpy", "mlflow", "submitit", "pydantic")


def provenance(**more: Any) -> dict[str, Any]:
    """What is worth knowing about this process; `more` is laid over."""
    return {
        "started": time.time(),
        "harness": harness.__version__,
        **code(),
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "host": socket.gethostname(),
        "machine": platform.platform(),
        "cpus": os.cpu_count(),
        "command": sys.argv[:1] + sys.argv[1:4],
        **more,
    }


@cache
def code() -> dict[str, Any]:
    """The commit that runs and whether files differ from it; None outside a checkout."""
    folder = Path(harness.__file__).parent.parent
    commit = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no") if commit else None
    return {"commit": commit, "modified": bool(changed)}


def _git(folder: Path, *words: str) -> str | None:
    if not (folder / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
