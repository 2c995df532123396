"""Downloads: whole and right or not there, and never from the start again where a part came through."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.data.fetch import download as module
from harness.data.fetch.download import Remote, download
from harness.errors import DataError
from support.web import Site, serving

CONTENT = np.random.default_rng(0).bytes(3_000_000)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving({"set.zip": CONTENT}) as served:
        yield served


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.01)


def remote(site: Site, content: bytes = CONTENT) -> Remote:
    return Remote("set.zip", f"{site.url}/set.zip", f"sha256:{hashlib.sha256(content).hexdigest()}")


def test_a_file_is_fetched_once(site: Site, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    place = download(remote(site), tmp_path, lambda done, total: seen.append((done, total)))
    assert place.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert download(remote(site), tmp_path) == place
    assert len(site.asked) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["set.zip"]


def test_a_broken_connection_is_taken_up_where_it_ended(site: Site, tmp_path: Path) -> None:
    site.breaks = [1_200_000, 900_000]
    assert download(remote(site), tmp_path).read_bytes() == CONTENT
    first, second, third = (start for _, start in site.asked)
    assert first == 0
    assert 0 <= 1_200_000 - second < module.BLOCK
    assert 0 <= second + 900_000 - third < module.BLOCK


def test_a_later_call_goes_on_with_what_an_earlier_one_left(site: Site, tmp_path: Path) -> None:
    site.breaks = [500_000] * module.TRIES
    with pytest.raises(DataError, match="cannot be fetched") as error:
        download(remote(site), tmp_path)
    assert f"put it at '{tmp_path}/set.zip'" in str(error.value)
    assert not (tmp_path / "set.zip").exists()
    assert download(remote(site), tmp_path).read_bytes() == CONTENT
    assert 2_500_000 - site.asked[-1][1] < module.TRIES * module.BLOCK


def test_a_server_that_knows_no_parts_starts_again(site: Site, tmp_path: Path) -> None:
    site.ranges, site.breaks = False, [2_000_000]
    assert download(remote(site), tmp_path).read_bytes() == CONTENT


def test_a_server_that_compresses_is_asked_not_to(site: Site, tmp_path: Path) -> None:
    """Lengths of what is compressed are no lengths of the file: it would seem cut short and be asked for again."""
    site.compresses = True
    assert download(remote(site), tmp_path).read_bytes() == CONTENT
    assert len(site.asked) == 1


def test_a_part_that_is_whole_already_is_taken(site: Site, tmp_path: Path) -> None:
    (tmp_path / "set.zip.part").write_bytes(CONTENT)
    assert download(remote(site), tmp_path).read_bytes() == CONTENT
    assert site.asked == [("set.zip", len(CONTENT))]


def test_a_server_that_is_busy_is_asked_again(site: Site, tmp_path: Path) -> None:
    site.refused = 2
    assert download(remote(site), tmp_path).read_bytes() == CONTENT


def test_another_file_than_the_published_one_is_refused_and_not_kept(site: Site, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="its checksum is another"):
        download(remote(site, b"something else"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_gone_is_not_asked_for_again(site: Site, tmp_path: Path) -> None:
    gone = Remote("gone.zip", f"{site.url}/gone.zip", "md5:0")
    with pytest.raises(DataError, match="404"):
        download(gone, tmp_path)
    assert len(site.asked) == 1


def test_without_a_network_it_says_where_to_put_the_file(tmp_path: Path) -> None:
    nowhere = Remote("set.zip", "http://127.0.0.1:9/set.zip", "md5:0")
    with pytest.raises(DataError, match="cannot be fetched") as error:
        download(nowhere, tmp_path)
    assert f"put it at '{tmp_path}/set.zip'" in str(error.value)


def test_a_file_that_was_put_there_by_hand_needs_no_network(tmp_path: Path) -> None:
    (tmp_path / "set.zip").write_bytes(CONTENT)
    nowhere = Remote("set.zip", "http://127.0.0.1:9/set.zip", f"md5:{hashlib.md5(CONTENT).hexdigest()}")
    assert download(nowhere, tmp_path).read_bytes() == CONTENT
