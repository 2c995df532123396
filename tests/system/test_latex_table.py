"""The LaTeX table as LaTeX sets it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from harness.report.model import Table
from harness.report.render.latex import render

DOCUMENT = r"""\documentclass[10pt]{article}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage[a4paper, landscape, margin=1cm]{geometry}
\usepackage{booktabs}
\begin{document}
%s
\end{document}
"""


def test_it_is_set_without_an_error_a_warning_or_a_line_that_is_too_long(table: Table, tmp_path: Path) -> None:
    (tmp_path / "table.tex").write_text(DOCUMENT % render(table), encoding="utf-8")
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    done = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
    log = (tmp_path / "table.log").read_text(errors="replace")
    assert (tmp_path / "table.pdf").stat().st_size > 1000
    assert [line for line in log.splitlines() if "LaTeX Warning" in line or line.startswith("Overfull \\hbox")] == []
