"""Make the store of a version that later ones must be able to read. Run by hand, once a release:

    python tests/support/keep_version.py tests/fixtures/0.1.0

It runs the tiny grid of `support.grids` and keeps its runs, plan, ledger and packed data,
less what tells of the machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

from support.grids import write_grid  # noqa: E402

NEUTRAL = {"host": "example", "machine": "Linux", "command": ["harness", "submit", "tiny.yaml"], "commit": "0" * 40}


def main(target: Path) -> None:
    """Write the fixture into `target`, which must not exist."""
    target.mkdir(parents=True)
    os.chdir(target)
    grid = write_grid(Path("."))
    words = [sys.executable, "-m", "harness", "submit", str(grid), "--no-sync"]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent.parent)}
    subprocess.run(words, check=True, env=environment)
    for record in Path("store").rglob("*.json"):
        record.write_text(json.dumps(_neutral(json.loads(record.read_text())), indent=1, sort_keys=True))
    for left in [*Path("store").glob("grids/*/jobs"), *Path("store").rglob("file_hashes.json*"), Path("pairs")]:
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    for log in [*Path("store").rglob("log"), *Path("store").rglob("*.lock"), *Path("store").rglob("lock")]:
        log.unlink()
    table = [sys.executable, "-m", "harness", "table", "tiny", "--format", "csv", "--output", "table.csv"]
    subprocess.run(table, check=True, env=environment)


def _neutral(value: object) -> object:
    """A record without the names of the machine that wrote it."""
    if isinstance(value, dict):
        return {key: NEUTRAL.get(key, _neutral(item)) for key, item in value.items()}
    return [_neutral(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    main(Path(sys.argv[1]))
