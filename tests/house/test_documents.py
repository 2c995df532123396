"""What the documents say can be done: commands parse, those that only read are run, links lead somewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from support.documents import commands, links, parse, targets, verbs_named
from support.fresh import ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
README = (ROOT / "README.md").read_text()
SAFE_TO_RUN = {"plan"}  # reads the grid file and the store, and writes nothing

every_document = pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))


def wrong(words: list[str]) -> str:
    """What is wrong with a command; empty when nothing is."""
    if words[0] == "make":
        unknown = [word for word in words[1:] if "=" not in word and word not in targets(ROOT / "Makefile")]
        return f"make has no target {unknown[0]}" if unknown else ""
    try:
        parse(words[1:])
    except (click.exceptions.Exit, click.exceptions.NoArgsIsHelpError):
        return ""  # --help
    except click.ClickException as error:
        return error.format_message()
    return ""


@every_document
def test_commands_parse(path: Path) -> None:
    assert {" ".join(words): why for words in commands(path.read_text()) if (why := wrong(words))} == {}


@every_document
def test_verbs_exist(path: Path) -> None:
    wanted = {tuple(words) for words in verbs_named(path.read_text()) if words[1].isidentifier() and words[1].islower()}
    known = {("harness", name) for name in _verbs()} | {("make", name) for name in targets(ROOT / "Makefile")}
    assert {" ".join(words) for words in wanted - known} == set()


def _verbs() -> set[str]:
    from harness.cli import verbs

    return set(verbs.list_commands(click.Context(verbs)))


@every_document
def test_links_lead_somewhere(path: Path) -> None:
    assert [link for link in links(path.read_text()) if not (path.parent / link).exists()] == []


def test_the_readme_opens_with_the_two_commands() -> None:
    assert list(commands(README))[:2] == [["make", "demo"], ["make", "test"]]


@pytest.mark.parametrize(
    "words", [words for words in commands(README) if words[1] in SAFE_TO_RUN], ids=lambda words: " ".join(words)
)
def test_commands_that_only_read_run(words: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "harness", *words[1:]],
        cwd=ROOT, env={**os.environ, "HARNESS_STORE": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_a_wrong_command_is_caught() -> None:
    text = "```sh\nharness plann x.yaml\nmake dmeo  # comment\nharness plan --no-such-flag x.yaml\n```\n"
    assert [bool(wrong(words)) for words in commands(text)] == [True, True, True]
    assert wrong(["harness", "plan", "configs/quickstart.yaml", "--runs"]) == ""
    assert list(verbs_named("say `harness nothing RUN` here")) == [["harness", "nothing"]]
    assert links("[a](b.md) [c](https://d.e) [f](#g)") == ["b.md"]
