"""YAML by the rules of its version 1.2, and errors that name the line."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest

from harness.config.yaml import dump, parse, read_file
from harness.errors import ConfigError

SCALARS: dict[str, Any] = {
    # numbers, those of PyYAML's own rules that a person falls for among them
    "1e-3": 1e-3, "1E5": 1e5, "2.5e+3": 2500.0, ".5": 0.5, "5.": 5.0, "-1.5": -1.5, "+.5": 0.5, "1e3": 1000.0,
    "0": 0, "-7": -7, "+5": 5, "010": 10, "0o10": 8, "0x1F": 31, "12345678901234567890": 12345678901234567890,
    ".inf": math.inf, "-.INF": -math.inf,
    # words that PyYAML reads as truth, octal, times or dates
    "no": "no", "yes": "yes", "on": "on", "Off": "Off", "y": "y", "n": "n", "NO": "NO", "1_000": "1_000",
    "12:30": "12:30", "1:30:00": "1:30:00", "2020-01-01": "2020-01-01", "0b11": "0b11", "=": "=", "<<": "<<",
    "e3": "e3", "1.2.3": "1.2.3", "1e": "1e", "-": None, ".": ".", "0x": "0x", "infinity": "infinity", "nan": "nan",
    "resnet18": "resnet18", "timm:resnet18": "timm:resnet18",
    # truth and nothing
    "true": True, "True": True, "FALSE": False, "tRUE": "tRUE", "null": None, "~": None, "Null": None, "": None,
    # quoted, all are words
    '"1e-3"': "1e-3", "'true'": "true", '"null"': "null", '"7"': "7",
}  # fmt: skip


@pytest.mark.parametrize("text", [text for text in SCALARS if text != "-"])
def test_scalars(text: str) -> None:
    found = parse(f"key: {text}", "here")["key"]
    assert (found, type(found)) == (SCALARS[text], type(SCALARS[text]))


def test_not_a_number_is_a_number() -> None:
    assert math.isnan(parse(".nan", "here"))
    assert math.isnan(parse(".NaN", "here"))


def test_keys_are_words_as_they_are_written() -> None:
    assert parse("1: a\nno: b\nnull: c\n1e-3: d\ntrue: e", "here") == {
        "1": "a", "no": "b", "null": "c", "1e-3": "d", "true": "e",
    }  # fmt: skip


def test_an_anchor_is_repeated() -> None:
    assert parse("a: &x {b: 1}\nc: *x", "here") == {"a": {"b": 1}, "c": {"b": 1}}


def message(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, "grid.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n",
         "the key 'c' stands twice\n  where: grid.yaml: line 4\n  mend: remove one of the two"),
        ('1: a\n"1": b\n', "the key '1' stands twice\n  where: grid.yaml: line 2\n  mend: remove one of the two"),
        ("{[1, 2]: 3}", "a list or mapping is no key\n  where: grid.yaml: line 1\n  legal: a word"),
        ("a: [1, 2\nb: 3", "this is not valid YAML: expected ',' or ']', but got ':'\n  where: grid.yaml, line 2"),
        ("a: b: c", "this is not valid YAML: mapping values are not allowed here\n  where: grid.yaml, line 1"),
        ("a: 1\n\tb: 2", "this is not valid YAML: found character '\\t' that cannot start any token\n"
                         "  where: grid.yaml, line 2"),
        ("a: 1\n---\nb: 2", "this is not valid YAML: but found another document\n  where: grid.yaml, line 2"),
    ],
)  # fmt: skip
def test_what_is_no_yaml_names_the_line(text: str, expected: str) -> None:
    assert message(text) == expected


@pytest.mark.parametrize(
    "text",
    ["a: !!int abc", "a: !!float x", "a: !!bool maybe", "a: !!timestamp 2020", "a: &x [*x]",
     "a: !!python/name:os.system", "a: !!binary x", "a: !own b", "a: \x00"],
)  # fmt: skip
def test_a_value_that_its_tag_does_not_fit_is_an_error_of_ours(text: str) -> None:
    assert "grid.yaml" in message(text)


def test_a_file_is_named_that_is_missing_or_no_text(tmp_path: Path) -> None:
    path = tmp_path / "grid.yaml"
    with pytest.raises(ConfigError) as missing:
        read_file(path)
    assert str(missing.value) == f"there is no file {str(path)!r}\n  mend: check the path"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read: 'utf-8' codec"):
        read_file(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_file(tmp_path)


WORDS = [
    *(text for text in SCALARS if not text.startswith(('"', "'"))), " x", "x ", "a: b", "#c", "a #b", "- a", "[a]",
    "{a}", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a", "'", '"', "\n", "a\nb\n", "\t", "é", "σ²", "😀", "a" * 200,
    "word " * 60, "---", "...", "?", ": ", ",",
]  # fmt: skip


def made_up(draw: random.Random, depth: int) -> Any:
    kinds = ["word", "number", "whole", "truth", "nothing"] + (["list", "mapping"] * 2 if depth else [])
    kind = draw.choice(kinds)
    if kind == "list":
        return [made_up(draw, depth - 1) for _ in range(draw.randrange(4))]
    if kind == "mapping":
        return {draw.choice(WORDS): made_up(draw, depth - 1) for _ in range(draw.randrange(4))}
    simple = {
        "word": draw.choice(WORDS),
        "number": draw.choice(
            [draw.gauss(0, 1), draw.gauss(0, 1) * 10.0 ** draw.randrange(-300, 300), 1e-5, 1e22, 0.0]
        ),
        "whole": draw.randrange(-(10**9), 10**9),
        "truth": draw.random() < 0.5,
        "nothing": None,
    }
    return simple[kind]


def typed(value: Any) -> Any:
    """A value with the type of each scalar, so that 1, 1.0 and True differ."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    return [typed(item) for item in value] if isinstance(value, list) else (type(value).__name__, value)


def test_what_is_written_reads_back_as_it_was() -> None:
    draw = random.Random(0)
    for _ in range(400):
        value = made_up(draw, 4)
        assert typed(parse(dump(value), "here")) == typed(value), dump(value)


def test_keys_keep_their_order_and_nothing_is_aliased() -> None:
    shared = {"z": 1, "a": [1, 2]}
    assert dump({"second": shared, "first": shared}) == "second:\n  z: 1\n  a: [1, 2]\nfirst:\n  z: 1\n  a: [1, 2]\n"
