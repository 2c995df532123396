"""The command line in this process: what it prints, and the code that it exits with."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from harness.cli import main


@dataclass(frozen=True)
class Said:
    """What a command did.

    Attributes:
        code: Its exit code.
        out: On standard output.
        err: On standard error.
    """

    code: int
    out: str
    err: str


def harness(capsys: pytest.CaptureFixture[str], *words: str) -> Said:
    """Run `harness WORDS`."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main(words)
    printed = capsys.readouterr()
    return Said(int(left.value.code or 0), printed.out, printed.err)
