from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.cli import verbs
from harness.data.datasets.folder import Folder
from harness.data.pack import pack
from harness.errors import ConfigError, StoreError
from harness.tracking.store import Store
from support.images import make_folder


def run(tmp_path: Path, *words: str) -> Result:
    command = ["data", "pack", "folder", f"root={tmp_path / 'pairs'}", *words, "--store", str(tmp_path / "store")]
    return CliRunner().invoke(verbs, command)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "pairs")


@pytest.mark.parametrize("form", ["raw", "beton"])
def test_it_says_what_it_made_and_where(made: Path, tmp_path: Path, form: str) -> None:
    done = run(tmp_path, "size=16", "--format", form)
    assert done.exit_code == 0, done.output
    packed = pack(Folder(root=str(made), size=16), Store(tmp_path / "store").packs)
    path = packed.folder if form == "raw" else packed.folder.with_name(f"{packed.folder.name}.beton")
    assert path.exists()
    assert packed.folder.with_name(f"{packed.folder.name}.beton").exists() == (form == "beton")
    size = "0.00" if form == "raw" else "0.02"
    assert done.output == f"{path}: 12 samples, {size} GB, digest {packed.digest}\n"
    assert run(tmp_path, "size=16", "--format", form).output == done.output


def test_what_is_there_is_read_again(made: Path, tmp_path: Path) -> None:
    path = Path(run(tmp_path, "size=16", "--format", "beton").output.split(": 12 samples")[0])
    content = bytearray(path.read_bytes())
    content[len(content) // 2 + 100] ^= 1
    path.write_bytes(content)
    refused = run(tmp_path, "size=16", "--format", "beton")
    assert isinstance(refused.exception, StoreError)
    assert f"{str(path)!r} was altered: its checksum does not fit" in str(refused.exception)


def test_without_a_size_nothing_is_packed(made: Path, tmp_path: Path) -> None:
    refused = run(tmp_path)
    assert isinstance(refused.exception, ConfigError)
    assert "the size of the packed images is not given" in str(refused.exception)
    assert "mend: add it, as in size=224" in str(refused.exception)
    assert not (tmp_path / "store").exists()
