"""The report as a browser shows it: nothing is fetched, nothing sticks out, something is to be seen."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.report.html import page
from harness.report.model import Table

CHROMIUM = [
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
MEASURE = "<script>document.title = 'width ' + document.documentElement.scrollWidth</script></body>"


def browse(page: Path, width: int, *wanted: str) -> str:
    """Open a page in a window `width` pixels wide; what the browser prints."""
    profile = page.with_name("profile")
    words = [*CHROMIUM, f"--user-data-dir={profile}", f"--window-size={width},1600", *wanted, page.as_uri()]
    return subprocess.run(words, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.fixture
def report(table: Table, tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text(page(table, ["About this grid."]), encoding="utf-8")
    return path


def test_it_names_nothing_outside_itself(report: Path) -> None:
    loaded = re.findall(r"""(?:src|href)=["'](?!data:|#)([^"']+)|url\((?!data:)([^)]+)\)|@import""", report.read_text())
    assert loaded == []


@pytest.mark.parametrize("width", [1280, 500])
def test_nothing_sticks_out_of_the_window(report: Path, width: int) -> None:
    text, policies = POLICY.subn("", report.read_text(encoding="utf-8"))
    report.write_text(text.replace("</body>", MEASURE), encoding="utf-8")
    found = re.search(r"<title>width (\d+)</title>", browse(report, width, "--dump-dom"))
    assert policies == 1
    assert found is not None
    assert int(found.group(1)) <= width


def test_a_script_that_got_in_would_not_run(report: Path) -> None:
    report.write_text(report.read_text(encoding="utf-8").replace("</body>", MEASURE), encoding="utf-8")
    printed = browse(report, 1280, "--dump-dom")
    assert "document.title = 'width '" in printed
    assert "<title>width" not in printed


def test_there_is_something_to_see(report: Path) -> None:
    picture = report.with_suffix(".png")
    browse(report, 1280, f"--screenshot={picture}")
    pixels_HWC = np.asarray(Image.open(picture).convert("RGB"))
    background = pixels_HWC[0, 0]
    drawn_HW = (pixels_HWC != background).any(axis=2)
    assert 0.01 < drawn_HW.mean() < 0.9
    assert drawn_HW.any(axis=1).sum() > 300
