"""What setup.py requires, by the names that are imported."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
IMPORTED_AS = {
    "nvidia-dali-cuda130": "nvidia",
    "pillow": "PIL",
    "pytest-xdist": "xdist",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
}


def declared() -> dict[str, list[str]]:
    """The requirements as setup.py writes them, by group: `base` and each extra."""
    tree = ast.parse((ROOT / "setup.py").read_text())
    lists = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("BASE", "EXTRAS")
    }
    return {"base": lists["BASE"], **lists["EXTRAS"]}


def names(group: str) -> set[str]:
    """The distributions of a group, in lower case and without versions."""
    return {re.split(r"[^A-Za-z0-9._-]", line)[0].lower() for line in declared()[group]}


def imported_names(group: str) -> set[str]:
    """The top-level modules that a group's distributions bring."""
    return {IMPORTED_AS.get(name, name.replace("-", "_")) for name in names(group)}


def pinned() -> dict[str, str]:
    """constraints.txt: the version of each distribution."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / "constraints.txt").read_text().splitlines()]
    return {name.lower(): version for name, _, version in (line.partition("==") for line in lines if line)}
