"""What the verbs print is what they were given."""

from __future__ import annotations

import pytest

from harness.cli.common import console, headline

LOST = "[/src/gloo/transport/tcp/pair.cc:545] Connection reset by peer [127.0.0.1]:21165 :smile: [bold]x[/bold]"


def test_brackets_and_colons_of_a_message_are_printed_as_they_stand(capsys: pytest.CaptureFixture[str]) -> None:
    console().print(f"failed: {LOST}", soft_wrap=True)
    console().print(headline("a grid [1]", f": {LOST}"), soft_wrap=True)
    assert capsys.readouterr().out == f"failed: {LOST}\na grid [1]: {LOST}\n"
