"""Functions compiled by numba, which is imported here alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., object])

CLOSE = frozenset({"nnan", "ninf", "nsz", "contract"})
"""Numbers are finite, and a product and a sum may be rounded once."""
SUMMED = CLOSE | {"reassoc"}
"""Terms may be added in any order, as a vectorised sum does."""
SOURCES = Path(__file__).parents[1]


def compiled(flags: frozenset[str] = CLOSE) -> Callable[[Function], Function]:
    """Compile a function where it is called from one that is compiled.

    Args:
        flags: What the compiler may assume of floating-point numbers.
    """

    def wrap(function: Function) -> Function:
        return cast(Function, numba.njit(error_model="numpy", fastmath=set(flags))(function))

    return wrap


def kept(function: Function) -> Function:
    """Compile a function and all that it calls at its first call, run it without Python's lock, and keep it on disk.

    It is kept in the source's `__pycache__`, else in the user's cache folder; where
    neither can be written, each process compiles for itself, which takes ten seconds.
    numba asks whether the function's own file has changed and not what it calls, so
    its name there holds a digest of all sources.
    """
    function.__qualname__ = f"{function.__qualname__}_{_digest()}"
    try:
        return _compiled(function, cache=True)
    except RuntimeError:
        return _compiled(function, cache=False)


def _compiled(function: Function, cache: bool) -> Function:
    made = numba.njit(nogil=True, cache=cache, error_model="numpy", fastmath=set(CLOSE))
    return cast(Function, made(function))


def _digest() -> str:
    found = hashlib.sha256()
    for path in sorted(SOURCES.rglob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:12]
