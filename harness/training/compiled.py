"""Encoders compiled by torch.compile, each in place, before an engine wraps the container that they are in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

from torch import nn

from harness.errors import MissingDependencyError


def compiled(modules: Iterable[nn.Module], backend: str = "inductor") -> None:
    """Compile each module's forward and backward passes at its first call, which takes seconds to minutes.

    In place: names of parameters and buffers stay, and so does the identity of every
    module. Each is one graph, batch norm's collectives over the ranks included. Numbers
    differ from those of the uncompiled module by rounding, and drop-out draws other ones from
    the same random state: whether a run is compiled belongs to what it is known by. The same
    graph is compiled into the same kernels, so a resumed run goes on with the same bits.

    Args:
        modules: Encoders on their way into training, not yet wrapped; each is compiled once
            even where branches share it.
        backend: torch's name of what makes kernels of a graph.

    Raises:
        MissingDependencyError: The machine has no C++ compiler, which inductor's kernels need.
    """
    if backend == "inductor":
        _check_compiler()
    for module in modules:
        module.compile(backend=backend)


def _check_compiler() -> None:
    name = os.environ.get("CXX", "g++")
    if shutil.which(name) is None:
        raise MissingDependencyError(
            f"compile needs the C++ compiler {name!r}, which is not there",
            where="compile",
            mend="install it, name another in the environment variable CXX, or take compile out",
        )
