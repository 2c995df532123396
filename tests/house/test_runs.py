"""How the tests themselves behave: skips refused in CI, what is left out listed, a hanging test ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PLUGINS = ("support.left_out", "support.no_skips", "support.libraries", "support.time_limit")
SKIPPING = """
import pytest
pytestmark = pytest.mark.filterwarnings("ignore")

def test_passes():
    pass

def test_skips():
    pytest.skip("no such thing here")

@pytest.mark.xfail(reason="known")
def test_fails_as_expected():
    assert False

@pytest.mark.long
def test_of_minutes():
    pass

@pytest.mark.system
def test_of_root():
    pass
"""


def run(folder: Path, source: str, *arguments: str, strict: bool = False) -> subprocess.CompletedProcess[str]:
    """Run pytest on one made-up test file with this project's plugins."""
    (folder / "test_made_up.py").write_text(source)
    (folder / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n    long\n    system\n    data\n    ffcv\n    dali\n    time_limit(seconds)\n"
    )
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "HARNESS_"))}
    environment |= {"PYTHONPATH": str(TESTS)} | ({"HARNESS_NO_SKIPS": "1"} if strict else {})
    plugins = [word for name in PLUGINS for word in ("-p", name)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugins, *arguments, str(folder)],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_skip_passes_for_a_person_and_fails_in_ci(tmp_path: Path) -> None:
    assert run(tmp_path, SKIPPING).returncode == 0
    refused = run(tmp_path, SKIPPING, strict=True)
    assert refused.returncode == 1
    assert "no such thing here" in refused.stdout
    assert "HARNESS_NO_SKIPS is set" in refused.stdout
    assert "1 failed, 3 passed, 1 xfailed" in refused.stdout


def test_a_module_that_skips_itself_fails_in_ci(tmp_path: Path) -> None:
    module = "import pytest\npytest.importorskip('no_module_of_this_name')\ndef test_nothing(): pass\n"
    refused = run(tmp_path, module, strict=True)
    assert refused.returncode != 0
    assert "no_module_of_this_name" in refused.stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_is_left_out_is_listed(tmp_path: Path, workers: str) -> None:
    done = run(tmp_path, SKIPPING, "-n", workers, "-m", "not long and not system")
    assert "left out: 1 long (make test-long)" in done.stdout
    assert "left out: 1 system (make test-system, as root)" in done.stdout


def test_data_without_images_skips_for_a_person_and_is_left_out_in_ci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "import pytest\n@pytest.mark.data\ndef test_images(real_images):\n    assert real_images.is_dir()\n"
    without = "from pathlib import Path\nimport support.no_skips\nsupport.no_skips.IMAGES = Path('nowhere')\n"
    (tmp_path / "conftest.py").write_text(without)
    assert "the real images are not at nowhere" in run(tmp_path, source, "-ra").stdout
    left_out = run(tmp_path, source + "def test_other(): pass\n", strict=True)
    assert left_out.returncode == 0
    assert "left out: 1 data (needs the real images beside the checkout)" in left_out.stdout


def test_a_missing_library_leaves_its_tests_out_for_a_person_and_fails_them_in_ci(tmp_path: Path) -> None:
    source = "import pytest\n@pytest.mark.ffcv\ndef test_it():\n    assert False, 'it ran'\ndef test_other(): pass\n"
    without = "import support.libraries\nsupport.libraries.LIBRARIES = {'ffcv': 'no_module.of_this_name'}\n"
    (tmp_path / "conftest.py").write_text(without)
    left_out = run(tmp_path, source)
    assert left_out.returncode == 0
    assert "left out: 1 ffcv (needs FFCV: install the packages of .ci/ffcv.txt, then make test)" in left_out.stdout
    refused = run(tmp_path, source, strict=True)
    assert "it ran" in refused.stdout
    assert "1 failed, 1 passed" in refused.stdout


def test_a_test_that_hangs_is_ended_and_the_next_one_runs(tmp_path: Path) -> None:
    source = (
        "import pytest, time\n"
        "@pytest.mark.time_limit(1)\ndef test_hangs():\n    time.sleep(60)\n"
        "def test_next(): pass\n"
    )
    done = run(tmp_path, source)
    assert "still running after its limit of 1 s" in done.stdout
    assert "1 failed, 1 passed" in done.stdout
