"""What must not lie in the repository: big files, paths of one machine, addresses of registries, loose ends."""

from __future__ import annotations

import re

import pytest

from support.tree import ROOT, files, texts

MIB = 1 << 20
# Written so that this file does not match itself.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.~$}])/(home|root|work|Users|mnt|opt)/[\w.-]+",
    "the address of a registry": r"index-ur[l]|trusted-hos[t]|(pypi|pythonhosted|npmjs|deb\.debian)\.or[g]",
    "a loose end": r"\b(TOD[O]|FIXM[E]|XX[X])\b",
    "a merge left undone": r"^(<<<<<<<|>>>>>>>) ",
    "an address of a person": r"\b[\w.+-]+@[\w-]+\.(com|org|net|edu|uk|de)\b",
}
LISTS_OF_PEOPLE = {"authors", "contributors", "maintainers", "codeowners", "credits"}


def hits(pattern: str, text: str) -> list[str]:
    return [match.group() for match in re.finditer(pattern, text, re.MULTILINE)]


def test_no_file_is_over_a_mebibyte() -> None:
    assert {str(path): size for path in files() if (size := (ROOT / path).stat().st_size) > MIB} == {}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = {str(path): hits(FORBIDDEN[what], text) for path, text in texts().items() if path.name != "LICENSE"}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a path of one machine", "see /home/" + "someone/data"),
        ("the address of a registry", "--index-" + "url https://example.com"),
        ("a loose end", "# TO" + "DO: later"),
        ("a merge left undone", "<" * 7 + " HEAD"),
        ("an address of a person", "someone" + "@example.com"),
    ],
)
def test_each_is_caught(what: str, text: str) -> None:
    assert hits(FORBIDDEN[what], text)


def test_there_is_no_list_of_people() -> None:
    assert [str(path) for path in files() if path.stem.lower() in LISTS_OF_PEOPLE] == []


def test_what_a_run_leaves_is_ignored_by_git() -> None:
    listed = {path.parts[0] for path in files()}
    assert listed.isdisjoint({"store", "sample", ".venv", "build", "dist", "__pycache__", "mlruns"})
