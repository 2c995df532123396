"""Which form of Table S1 runs where: the batched one of torch, or the kernels that numba compiles."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Literal, TypeAlias

from harness.errors import ConfigError, MissingDependencyError

Backend: TypeAlias = Literal["auto", "torch", "numba"]


def chosen(backend: Backend, device: str) -> Literal["torch", "numba"]:
    """The form that a setting means on a kind of device.

    Raises:
        ConfigError: numba is asked for where the images are on no CPU.
        MissingDependencyError: numba is asked for and not installed.
    """
    if backend == "torch" or (backend == "auto" and (device != "cpu" or not installed())):
        return "torch"
    if device != "cpu":
        raise ConfigError(
            f"the augmentation's backend is 'numba', which runs on a CPU, and the images are on a {device!r} device",
            legal="auto, torch",
            mend="leave the backend at auto, which takes torch on that device",
        )
    if not installed():
        raise MissingDependencyError(
            "the augmentation's backend is 'numba', which is not installed",
            mend="install it (pip install numba), or leave the backend at auto",
        )
    return "numba"


@cache
def installed() -> bool:
    """Whether numba can be imported; it is not imported for that."""
    return find_spec("numba") is not None
