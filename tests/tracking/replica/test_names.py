"""Keys and values against MLflow's own validation, over hostile names."""

from __future__ import annotations

import random

import pytest

from harness.tracking.replica.names import KEY_LIMIT, TAG_LIMIT, joined, legal_key, legal_value, spread

HOSTILE = ["", ".", "..", "../x", "..x", "/a", "a/", "a//b", "a/../b", "a/./b", "a\nb", "a\n", "acc@1", "acc#1", "%",
           "é/ü", "x" * 251, "x/" * 200, "\udc80", "a\0b", "<script>", "a:b c-d.e_f"]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_mlflow_takes_every_key(name: str) -> None:
    from mlflow.utils.validation import _validate_metric_name, _validate_param, _validate_tag_name

    key = legal_key(name)
    _validate_metric_name(key)
    _validate_tag_name(key)
    _validate_param(key, "")
    assert len(key) <= KEY_LIMIT
    assert legal_key(key) == key


def test_legal_keys_stay_as_they_are() -> None:
    for name in ("test/auroc", "train/loss", "a:b c-d.e_f", "é/ü", "x" * KEY_LIMIT):
        assert legal_key(name) == name


def test_different_names_stay_different() -> None:
    dice = random.Random(0)
    names = {"".join(dice.choices("ab/.@#_", k=dice.randint(0, 5))) for _ in range(2_000)} | set(HOSTILE)
    assert len({legal_key(name) for name in names}) == len(names)


def test_a_changed_key_is_still_legible() -> None:
    assert legal_key("test/acc@1").startswith("test/acc_1-")


def test_a_value_that_is_too_long_says_so() -> None:
    assert legal_value("x" * 30, 30) == "x" * 30
    assert legal_value("x" * 31, 30) == "x" * 10 + " ... (31 characters)"
    assert len(legal_value("x" * 50_000)) == TAG_LIMIT


def test_what_utf8_does_not_have_is_spelled_out() -> None:
    assert legal_value("a\udc80b\0c") == "a\\udc80b\\x00c"


@pytest.mark.parametrize("length", [0, 1, TAG_LIMIT - 1, TAG_LIMIT, TAG_LIMIT + 1, 3 * TAG_LIMIT, 3 * TAG_LIMIT + 5])
def test_a_spread_value_is_joined_again(length: int) -> None:
    value = "".join(random.Random(length).choices("abc", k=length))
    tags = spread("fact.reason", value)
    assert all(len(piece) <= TAG_LIMIT for piece in tags.values())
    assert joined("fact.reason", {**tags, "fact.reason.other": "x"}) == value
