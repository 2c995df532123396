"""Synthetic twins of published sets: how a folder says that it is one."""

from __future__ import annotations

from pathlib import Path

SYNTHETIC = "SYNTHETIC.txt"
"""A program made the images of a folder that holds a file of this name; every report says so."""


def is_synthetic(folder: Path) -> bool:
    """Whether a program made what is in the folder."""
    return (folder / SYNTHETIC).exists()
