"""What a node finds of itself: run by `harness doctor` on the nodes of a profile, it prints one line of JSON.

``python -m harness.launch.slurm.site STORE TOKEN INTERFACE``; an interface that is `-` is
not looked for.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.files import is_locked

LIBRARIES = ("torch", "torchvision", "timm", "submitit", "mlflow", "ffcv", "nvidia.dali", "deepspeed")
BEAT = "doctor"


def found(store: Path, token: str, interface: str | None) -> dict[str, Any]:
    """What can be said of this node.

    Args:
        store: Where runs go; every node must see it.
        token: The name of the file that the submitting machine left there.
        interface: The network interface that ranks are to talk through.
    """
    folder = store / BEAT
    return {
        "node": os.environ.get("SLURMD_NODENAME", socket.gethostname()),
        "python": sys.version.split()[0],
        "cores": len(os.sched_getaffinity(0)),
        "gpus": sum(1 for path in Path("/dev").glob("nvidia[0-9]*")),
        "store": (folder / token).exists(),
        "renames": _renames(folder, token),
        "locked": is_locked(folder / f"{token}.lock"),  # as the submitting machine holds it: else two jobs take one run
        "port": _free_port(),
        "interfaces": sorted(name for _, name in socket.if_nameindex()),
        "interface": interface is None or interface in [name for _, name in socket.if_nameindex()],
        "libraries": [name for name in LIBRARIES if _is_there(name)],
    }


def _renames(folder: Path, token: str) -> bool:
    """Whether a file that is renamed over another one takes its place."""
    own = folder / f"{token}-{os.environ.get('SLURM_PROCID', '0')}"
    fresh = folder / f"{own.name}-new"  # a name of this process alone: all nodes do this at once
    try:
        own.write_text("old")
        fresh.write_text("new")
        os.replace(fresh, own)
        return own.read_text() == "new"
    except OSError:
        return False


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("", 0))
        return int(server.getsockname()[1])


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


def main(words: Sequence[str]) -> None:
    """Print what is found."""
    store, token, interface = words
    print(json.dumps(found(Path(store), token, None if interface == "-" else interface)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
