"""`.ci/environment` installs what the files say, once, and says in a sentence what a machine lacks."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from support.tree import ROOT

PYTHON = """#!/bin/sh
# Stands for Python: notes what it is asked to install, and makes environments that hold itself.
case "$*" in
    -V|-VV) echo "Python ${MADE_UP_VERSION:-3.12.1}" ;;
    *version_info*) [ "${MADE_UP_VERSION:-3.12.1}" != 3.10.9 ] ;;
    *ensurepip*) [ -z "${MADE_UP_NO_VENV:-}" ] ;;
    *"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && touch "$3/pyvenv.cfg" ;;
    *"-m pip --version"*) ;;
    *"-m pip install"*)
        echo "$*" >>"$MADE_UP_LOG"
        [ -z "${MADE_UP_NO_NETWORK:-}" ] || { echo "no network" >&2; exit 1; } ;;
    *) exit 9 ;;
esac
"""


class Machine:
    """A made-up machine with a tree, a Python, and a log of what was installed."""

    def __init__(self, folder: Path) -> None:
        self.tree, self.python, self.log = folder / "a tree", folder / "python3", folder / "log"
        (self.tree / ".ci").mkdir(parents=True)
        shutil.copy(ROOT / ".ci" / "environment", self.tree / ".ci")
        (self.tree / "setup.py").write_text("1")
        (self.tree / "constraints.txt").write_text("1")
        self.python.write_text(PYTHON)
        self.python.chmod(0o755)
        self.log.touch()

    def run(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "PYTHON": str(self.python), "MADE_UP_LOG": str(self.log)}
        command = [str(self.tree / ".ci" / "environment"), *words]
        return subprocess.run(command, env=environment | settings, capture_output=True, text=True, check=False)

    def installs(self) -> list[str]:
        """What was installed since the last time this was asked."""
        lines = [line.partition("--no-input ")[2] for line in self.log.read_text().splitlines()]
        self.log.write_text("")
        return lines


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_it_installs_once(machine: Machine, tmp_path: Path) -> None:
    venv = str(tmp_path / "an environment")
    done = machine.run(venv, "dev")
    assert (done.returncode, done.stdout) == (0, "")
    assert machine.installs() == ["--constraint constraints.txt --editable .[dev]"]
    assert machine.run(venv, "dev").returncode == 0
    assert machine.installs() == []


@pytest.mark.parametrize("file", ["setup.py", "constraints.txt"])
def test_it_installs_again_when_the_requirements_change(machine: Machine, tmp_path: Path, file: str) -> None:
    venv = str(tmp_path / "venv")
    machine.run(venv)
    key = machine.run("--key").stdout
    (machine.tree / file).write_text("2")
    assert machine.run("--key").stdout != key
    assert machine.run(venv).returncode == 0
    assert machine.installs() == ["--constraint constraints.txt --editable ."] * 2


def test_it_installs_again_for_another_python(machine: Machine, tmp_path: Path) -> None:
    venv = str(tmp_path / "venv")
    machine.run(venv)
    machine.run(venv, MADE_UP_VERSION="3.13.0")
    assert len(machine.installs()) == 2


def test_it_installs_again_when_what_ffcv_is_built_with_changes(machine: Machine, tmp_path: Path) -> None:
    keys = []
    for version in ("4.6.0", "4.10.0", ""):
        path = os.pathsep.join([str(libraries(tmp_path, version)), os.environ["PATH"]])
        keys.append(machine.run("--key", PATH=path).stdout)
        assert machine.run(str(tmp_path / "venv"), PATH=path).returncode == 0
    assert len(set(keys)) == 3
    assert len(machine.installs()) == 3


def libraries(folder: Path, version: str) -> Path:
    """A folder with a pkg-config that knows libraries of a version, or none."""
    (folder / "bin").mkdir(exist_ok=True)
    tool = folder / "bin" / "pkg-config"
    tool.write_text(f'#!/bin/sh\n[ -n "{version}" ] || exit 1\n[ "$1" = --exists ] || echo "{version}"\n')
    tool.chmod(0o755)
    return tool.parent


@pytest.mark.parametrize(("version", "headers", "extras"), [
    ("4.6.0", True, "dev,dali,deepspeed,ffcv"),
    ("4.6.0", False, "dev,dali,deepspeed"), ("", True, "dev,dali,deepspeed"),
])  # fmt: skip
def test_ffcv_is_wanted_where_it_can_be_built(tmp_path: Path, version: str, headers: bool, extras: str) -> None:
    for name in ("g++", "python"):
        tool = libraries(tmp_path, version) / name
        tool.write_text(f"#!/bin/sh\nexit {0 if headers or name == 'g++' else 1}\n")
        tool.chmod(0o755)
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    done = subprocess.run(
        [ROOT / ".ci" / "extras"], env={"PATH": path, "PYTHON": "python"}, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, extras + "\n", "")


def test_an_extra_is_added_to_what_is_there(machine: Machine, tmp_path: Path) -> None:
    venv = str(tmp_path / "venv")
    machine.run(venv)
    machine.run(venv, "dev")
    machine.run(venv)
    assert machine.installs() == [f"--constraint constraints.txt --editable .{extra}" for extra in ("", "[dev]")]


def test_another_tree_is_linked_without_installing_anew(machine: Machine, tmp_path: Path) -> None:
    venv = str(tmp_path / "venv")
    machine.run(venv, "dev")
    machine.installs()
    shutil.move(machine.tree, tmp_path / "moved")
    machine.tree = tmp_path / "moved"
    assert machine.run(venv, "dev").returncode == 0
    assert machine.installs() == ["--no-deps --editable ."]


def test_an_installation_that_failed_is_tried_again(machine: Machine, tmp_path: Path) -> None:
    venv = str(tmp_path / "venv")
    failed = machine.run(venv, MADE_UP_NO_NETWORK="1")
    assert failed.returncode == 1
    assert failed.stderr.endswith(
        "no network\nThe installation failed; the reason stands above. Run the same command again to go on.\n"
    )
    assert machine.run(venv).returncode == 0
    assert len(machine.installs()) == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"MADE_UP_NO_VENV": "1"},
         "Python's venv module is missing here; on Debian and Ubuntu: sudo apt-get install python3-venv"),
        ({"MADE_UP_VERSION": "3.10.9"},
         "harness needs Python 3.11 or newer, and {python} is Python 3.10.9: name another with PYTHON=..."),
        ({"PYTHON": "no-such-python"},
         "There is no 'no-such-python' here: install Python 3.11 or newer, or name one with PYTHON=..."),
    ],
)  # fmt: skip
def test_what_a_machine_lacks_is_said(machine: Machine, tmp_path: Path, settings: dict[str, str], said: str) -> None:
    done = machine.run(str(tmp_path / "venv"), **settings)
    assert (done.returncode, done.stderr) == (1, said.format(python=machine.python) + "\n")
    assert not (tmp_path / "venv").exists()


def test_a_folder_that_holds_something_else_is_left_alone(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "thesis").touch()
    done = machine.run(str(tmp_path / "papers"))
    assert done.returncode == 1
    assert "papers' is there and is no virtual environment: name another folder with VENV=..." in done.stderr
    assert [path.name for path in (tmp_path / "papers").iterdir()] == ["thesis"]
