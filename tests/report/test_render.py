"""Every format against its golden file, and against names that try to break out of it."""

from __future__ import annotations

import csv
import re
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest

from harness.config.table import EffectSpec
from harness.errors import ConfigError
from harness.report.model import Table
from harness.report.render import format_named, formats, render, write_all
from harness.report.render.terminal import render as to_terminal
from harness.report.style import STYLE
from harness.report.table import make_table
from harness.report.words import legend
from support.frames import frame_of, row, small_frame, small_spec

GOLDEN = Path(__file__).parent.parent / "golden" / "table"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    r"\input{/etc/passwd} $x^2_1$ % & # ~",
    "=HYPERLINK(1)",
    "| a | [b](http://c) `d` **e**",
    "[bold red]f[/bold red]\x1b[31m",
)


@pytest.fixture(scope="module")
def small() -> Table:
    return make_table(small_frame(), small_spec())


@pytest.fixture(scope="module")
def hostile() -> Table:
    """A table whose every name is hostile."""
    rows = [
        row("probe", {"pair": name, "objective": f"o{name}"}, seed, {"test/auroc": 0.7 + seed / 10})
        for name in HOSTILE
        for seed in range(2)
    ]
    rows += [row("probe", {"pair": HOSTILE[0], "objective": "lost"}, 0, None, state="failed", reason=HOSTILE[1])]
    rows += [row("probe", {"floor": name}, 0, {"test/auroc": 0.5}) for name in HOSTILE]
    effect = EffectSpec(axis="pair", treatment=HOSTILE[0], control=HOSTILE[1])
    spec = small_spec(title=" ".join(HOSTILE), rows=("pair",), columns=("objective",), effects=(effect,))
    return make_table(frame_of(rows), spec)


def body(page: str) -> str:
    """A page without its style, which may change without the table changing."""
    return page.replace(STYLE, "")


@pytest.mark.parametrize("name", ["terminal", "markdown", "latex"])
def test_text_is_that_of_the_golden_file(name: str, small: Table) -> None:
    assert render(small, name) == (GOLDEN / f"small{format_named(name).SUFFIX}").read_text()


def test_html_is_that_of_the_golden_file(small: Table) -> None:
    assert body(render(small, "html")) == (GOLDEN / "small.html").read_text()


def test_csv_is_that_of_the_golden_file_to_the_last_digits(small: Table) -> None:
    """Numbers to 1e-12: the last bit of a quantile may differ between versions of scipy."""
    found, wanted = (
        list(csv.reader(StringIO(text))) for text in (render(small, "csv"), (GOLDEN / "small.csv").read_text())
    )
    assert [len(line) for line in found] == [len(line) for line in wanted]
    for line, other in zip(found, wanted, strict=True):
        for value, expected in zip(line, other, strict=True):
            assert value == expected or float(value) == pytest.approx(float(expected), abs=1e-12)


def test_every_format_is_found_and_has_a_golden_file() -> None:
    assert formats() == ("csv", "html", "latex", "markdown", "terminal")
    assert {path.suffix for path in GOLDEN.glob("small.*")} == {format_named(name).SUFFIX for name in formats()}


def test_every_format_is_written_beside_the_others(small: Table, tmp_path: Path) -> None:
    paths = write_all(small, tmp_path)
    assert sorted(path.name for path in paths) == ["table.csv", "table.html", "table.md", "table.tex", "table.txt"]
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert (tmp_path / "table.md").read_text() == render(small, "markdown")


def test_an_unknown_format_is_named_with_the_legal_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        render(make_table(small_frame(), small_spec()), "markdwon")
    assert "unknown table format 'markdwon'" in str(caught.value)
    assert "csv, html, latex, markdown, terminal" in str(caught.value)
    assert "did you mean 'markdown'?" in str(caught.value)


@pytest.mark.parametrize("name", ["terminal", "markdown", "html"])
def test_each_sign_in_the_legend_stands_in_the_table_too(name: str, small: Table) -> None:
    text = re.sub(r"<[^>]*>|\\", "", render(small, name))
    for sign, meaning in legend(small):
        assert text.count(sign) >= 2
        assert " ".join(meaning.split()) in " ".join(text.split())


def test_the_terminal_keeps_to_its_width_and_lays_four_targets_out_in_blocks(real_table: Table) -> None:
    for width in (80, 100, 110, 120):
        assert max(map(len, to_terminal(real_table, width).splitlines())) <= width
    lines = to_terminal(real_table, 110).splitlines()
    assert [line for line in lines if line.startswith("label ") and "objective" not in line] == [
        "label panck",
        "label cd3",
        "label dapi",
        "label tissue",
    ]


def test_the_best_is_bold_on_a_terminal_and_has_a_star_elsewhere(small: Table) -> None:
    assert "*.870 (.820–.920)" in to_terminal(small)
    coloured = to_terminal(small, colour=True)
    assert "\x1b[1m.870 (.820–.920)\x1b[0m" in coloured
    assert "*.870" not in coloured


def test_csv_has_every_number_in_full_and_the_runs_behind_it(real_table: Table) -> None:
    lines = list(csv.DictReader(StringIO(render(real_table, "csv"))))
    assert {line["kind"] for line in lines} == {"cell", "floor", "effect"}
    cells = list(real_table.cells())
    assert len([line for line in lines if line["kind"] == "cell"]) == 2 * len(cells)
    estimate = cells[0].estimates[0]
    assert estimate is not None
    assert estimate.interval is not None
    assert (float(lines[0]["value"]), float(lines[0]["low"])) == (estimate.value, estimate.interval.low)
    assert lines[0]["runs"] == cells[0].runs[0].name
    assert (lines[0]["method"], lines[0]["units"], lines[0]["count"]) == ("bootstrap", "regions", "10")


class Reader(HTMLParser):
    """The elements and attributes of a page, and whether every element that opens closes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def test_hostile_names_stay_text_in_html(hostile: Table) -> None:
    page = read(render(hostile, "html"))
    assert {"script", "img"} & set(page.seen) == set()
    assert [name for name, _ in page.attributes if name.startswith("on")] == []
    assert {value for name, value in page.attributes if name == "href" and value and not value.startswith("#")} == set()


def test_each_value_of_a_page_links_to_the_runs_behind_it(small: Table) -> None:
    page = read(render(small, "html"))
    links = {value for name, value in page.attributes if name == "href"}
    anchors = {f"#{value}" for name, value in page.attributes if name == "id"}
    assert links
    assert links <= anchors
    text = render(small, "html")
    assert all(run.name in text for cell in (*small.cells(), *small.floors()) for run in cell.runs)


def test_hostile_names_stay_text_in_latex(hostile: Table) -> None:
    text = render(hostile, "latex")
    assert r"\input" not in text
    assert r"\textbackslash{}input\{/etc/passwd\}" in text
    lines = [line for line in text.splitlines() if not line.startswith("%")]
    assert not re.search(r"(?<!\\)[%#]", "\n".join(lines))
    assert "\n".join(lines).count("$") == 2 * "\n".join(lines).count("$-$") + "\n".join(lines).count(r"\$")


TABULAR = re.compile(r"\\begin\{tabular\}\{(l+)(p\{[^}]*\})?\}(.*?)\\end\{tabular\}", re.S)


def test_latex_rows_have_as_many_columns_as_are_declared(real_table: Table, small: Table, hostile: Table) -> None:
    for table in (real_table, small, hostile):
        text = render(table, "latex")
        assert text.count(r"\begin{") == text.count(r"\end{")
        assert TABULAR.findall(text)
        for plain, wide, inside in TABULAR.findall(text):
            for line in re.findall(r"^(.*) \\\\$", inside, re.M):
                spans = [int(count) for count in re.findall(r"\\multicolumn\{(\d+)\}", line)]
                assert len(re.split(r"(?<!\\)&", line)) - len(spans) + sum(spans) == len(plain) + bool(wide)


def test_hostile_names_stay_in_their_column_in_markdown(hostile: Table) -> None:
    text = render(hostile, "markdown")
    grids = [line for line in text.splitlines() if line.startswith("|")]
    widths = {len(re.split(r"(?<!\\)\|", line)) for line in grids[: 2 + len(HOSTILE)]}
    assert len(widths) == 1
    assert "<script" not in text.replace(r"\<", "")
    assert not re.search(r"(?<!\\)\]\(http", text)


def test_hostile_names_are_no_formulas_in_csv_and_read_back(hostile: Table) -> None:
    lines = list(csv.DictReader(StringIO(render(hostile, "csv"))))
    assert not any(value.startswith("=") for line in lines for value in line.values())
    assert HOSTILE[2] in {line["axis.pair"] for line in lines}
    assert f"'{HOSTILE[3]}" in {line["axis.pair"] for line in lines}


def test_hostile_names_send_no_codes_to_the_terminal(hostile: Table) -> None:
    assert "\x1b" not in to_terminal(hostile, 400)
    assert "[bold red]f[/bold red]" in to_terminal(hostile, 400)
    assert "\x1b[31m" not in to_terminal(hostile, 400, colour=True)
