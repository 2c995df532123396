"""The frame of every HTML page: self-contained, and closed to anything that it does not bring along."""

from __future__ import annotations

from harness.report.markup import Markup, join, tag
from harness.report.style import STYLE

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""No script, and nothing from elsewhere, should a name ever get past the escaping."""


def document(title: str, *body: str) -> str:
    """A page with that title; it opens from disk and loads nothing."""
    head = join(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        Markup(f"<style>{STYLE}</style>"),
        between="\n",
    )
    page = tag("html", tag("head", head), "\n", tag("body", tag("main", join(*body, between="\n"))), lang="en")
    return f"<!doctype html>\n{page}\n"
