"""A fresh Python process: what it imports, and what it does with some imports refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
REFUSE = """
import sys

class Lacking:
    found = list(sys.meta_path)

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {names!r}:
            return None
        specs = (one.find_spec(name, path, target) for one in self.found if hasattr(one, "find_spec"))
        return next((spec for spec in specs if spec is not None), None)

sys.meta_path[:] = [Lacking()]
"""


def run(code: str, *arguments: str, cwd: Path = ROOT) -> str:
    """What a program prints, run in a process of its own; where it fails, its error is the test's."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def imported_by(code: str, wanted: Iterable[str], *arguments: str, cwd: Path = ROOT) -> set[str]:
    """Those of the modules `wanted` that are loaded once `code` has run, whether or not it exits."""
    tail = f"import json, sys\nprint(json.dumps(sorted(set(sys.modules) & set({sorted(wanted)!r}))))"
    guarded = "try:\n" + "".join(f"    {line}\n" for line in code.splitlines()) + "except SystemExit as end:\n"
    guarded += "    assert not end.code, end.code\n"
    return set(json.loads(run(guarded + tail, *arguments, cwd=cwd).splitlines()[-1]))


def run_without(names: Iterable[str], code: str) -> str:
    """Run a program as if the packages `names` were not installed."""
    return run(REFUSE.format(names=sorted(names)) + code)
