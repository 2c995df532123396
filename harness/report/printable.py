"""Text from data or config made fit to print: it may hold anything, a terminal's escape codes among it."""

from __future__ import annotations


def printable(text: str) -> str:
    """`text` on one line, with control and direction characters replaced, so that it shows as what it is."""
    return " ".join("".join(sign if sign.isprintable() or sign.isspace() else "�" for sign in text).split())
