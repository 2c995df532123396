"""Partners: nobody is its own, everybody is somebody's once, and groups and splits keep to themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from harness.data.source import partner_rows
from harness.errors import DataError
from support.images import packed_folder


@pytest.mark.parametrize("partner", ["group", "split"])
def test_partners_are_a_permutation_without_a_fixed_point_within(tmp_path: Path, partner: str) -> None:
    packed = packed_folder(tmp_path, n=23, size=8, groups=4)
    rows = partner_rows(packed, partner)  # type: ignore[arg-type]
    assert sorted(rows) == list(range(23))
    assert (rows != np.arange(23)).all()
    names = packed.groups if partner == "group" else packed.splits
    assert (names[rows] == names).all()


def test_a_partner_follows_from_the_ids_alone(tmp_path: Path) -> None:
    packed = packed_folder(tmp_path, n=12, size=8, groups=2)
    back = np.arange(12)[::-1]
    turned = replace(packed, **{name: getattr(packed, name)[back] for name in ("ids", "keys", "groups", "splits")})
    named = dict(zip(packed.ids, packed.ids[partner_rows(packed, "group")], strict=True))
    assert named == dict(zip(turned.ids, turned.ids[partner_rows(turned, "group")], strict=True))


def test_itself(tmp_path: Path) -> None:
    assert (partner_rows(packed_folder(tmp_path, size=8), "self") == np.arange(12)).all()


def test_a_sample_alone_in_its_group_is_an_error(tmp_path: Path) -> None:
    packed = packed_folder(tmp_path, n=5, size=8, groups=4)
    with pytest.raises(DataError, match=r"3 of 4 patients .* have one sample") as error:
        partner_rows(packed, "group")
    assert "partner: split" in str(error.value)
