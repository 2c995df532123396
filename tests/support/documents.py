"""The commands and links that the documents give."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click

from harness.cli import verbs

FENCE = re.compile(r"^```(?:sh|console|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(harness|make) ([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def commands(text: str) -> Iterator[list[str]]:
    """Every command of the fenced shell blocks, as words: comments and prompts go, output in `console` blocks too."""
    for block in FENCE.findall(text):
        joined = block.replace("\\\n", " ")
        for line in joined.splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words and words[0] in ("harness", "make"):
                yield words


def verbs_named(text: str) -> Iterator[list[str]]:
    """Every command named in running text: the program and the first word after it."""
    for program, rest in INLINE.findall(text):
        yield [program, rest.split()[0]]


def links(text: str) -> list[str]:
    """Where the links go that stay inside the repository."""
    return [target for target in LINK.findall(text) if "://" not in target]


def parse(words: list[str]) -> None:
    """Let click read a command line of ours, without running it.

    Raises:
        click.UsageError: There is no such command, or it does not take these words.
    """
    command: click.Command = verbs
    context = click.Context(verbs, info_name="harness")
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        if found is None:
            raise click.UsageError(f"no such command: {words[0]}")
        command, words = found, words[1:]
        context = click.Context(command, info_name=command.name, parent=context)
    command.make_context(command.name, list(words), parent=context.parent)


def targets(makefile: Path) -> set[str]:
    """What `make` can make."""
    return set(re.findall(r"^([a-z-]+):", makefile.read_text(), re.MULTILINE))
