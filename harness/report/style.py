"""The look of HTML pages: one style sheet, no fonts or files from elsewhere, for screen, phone and paper."""

STYLE = """
:root { --ink: #1d1f21; --soft: #63686d; --line: #d9d6cf; --paper: #fdfcf9; --tint: #f4f2ec; --accent: #1f5c7a;
  --good: #2d6a4f; --bad: #a4343a; --open: #8a6d1a; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.55 Charter, "Bitstream Charter", "Iowan Old Style", Georgia, "Liberation Serif", serif; }
main { max-width: 62rem; margin: 0 auto; padding: 3rem 1.5rem 4rem; }
h1, h2, h3 { font-weight: 600; line-height: 1.2; text-wrap: balance; }
h1 { font-size: 2.1rem; margin: 0 0 .75rem; letter-spacing: -.01em; }
h2 { font-size: 1.35rem; margin: 3rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.75rem 0 .4rem; }
p { margin: .5rem 0; max-width: 44rem; }
a { color: inherit; text-decoration: none; }
a:hover { text-decoration: underline; text-underline-offset: .2em; }
strong { font-weight: 700; }
code { font: .85em ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
.kicker, table, .legend, .notice, .provenance, figcaption, summary {
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif; }
.kicker { font-size: .78rem; letter-spacing: .08em; text-transform: uppercase; color: var(--soft); margin: 0 0 .5rem; }
.caption { color: var(--soft); font-size: .95rem; }
.notice { border-left: 3px solid var(--open); background: var(--tint); padding: .55rem .9rem; font-size: .92rem;
  margin: .75rem 0; max-width: none; }
.notice.passed { border-color: var(--good); } .notice.failed { border-color: var(--bad); }
.scroll { overflow-x: auto; -webkit-overflow-scrolling: touch; margin: .75rem 0; }
table { border-collapse: collapse; font-size: .875rem; line-height: 1.35;
  font-variant-numeric: tabular-nums lining-nums;
  border-top: 1.5px solid var(--ink); border-bottom: 1.5px solid var(--ink); min-width: min(100%, 30rem); }
th, td { text-align: left; vertical-align: top; padding: .42rem 1.15rem .42rem 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-weight: 600; vertical-align: bottom; white-space: nowrap; }
thead tr:last-child th { border-bottom: 1px solid var(--ink); font-weight: 500; color: var(--soft); }
thead th.group { border-bottom: 1px solid var(--line); }
tbody th { font-weight: 500; white-space: nowrap; }
tbody + tbody { border-top: 1px solid var(--line); }
tbody.floors th, tbody.floors td { color: var(--soft); font-weight: 400; }
.interval { display: block; color: var(--soft); font-size: .78rem; white-space: nowrap; }
.marks { font-size: .8em; vertical-align: .25em; line-height: 0; padding-left: .1em; }
.why { color: var(--soft); font-style: italic; font-size: .82rem; max-width: 18rem; overflow-wrap: anywhere; }
.said { min-width: 11rem; }
.nowrap { white-space: nowrap; }
.detected { font-weight: 600; } .passed-word { color: var(--good); } .failed-word { color: var(--bad); }
.legend { list-style: none; padding: 0; margin: .5rem 0 0; font-size: .82rem; color: var(--soft); max-width: 50rem; }
.legend li { margin: .15rem 0; padding-left: 1.4rem; text-indent: -1.4rem; }
.legend b { display: inline-block; min-width: 1.4rem; text-indent: 0; color: var(--ink); font-weight: 600; }
.legend b.wide { padding-right: .5rem; }
figure { margin: 1rem 0 0; } figure img { display: block; max-width: 100%; height: auto; }
figure .scroll { margin: 0; }
figcaption { font-size: .82rem; color: var(--soft); margin-top: .5rem; max-width: 46rem; }
svg.effect { display: block; width: 9rem; height: 1.1rem; }
svg.effect .zero { stroke: var(--soft); stroke-dasharray: 2 2; }
svg.effect .span { stroke: var(--soft); stroke-width: 2; } svg.effect .mean { fill: var(--soft); }
svg.effect.detected .span { stroke: var(--accent); } svg.effect.detected .mean { fill: var(--accent); }
details { margin-top: 1rem; } summary { cursor: pointer; font-size: .9rem; color: var(--accent); }
details table { font-size: .8rem; } details td { overflow-wrap: anywhere; } details td.where { min-width: 11rem; }
:target { background: #fbf3d0; }
.provenance { border-top: 1px solid var(--line); margin-top: 3.5rem; padding-top: 1rem; font-size: .82rem;
  color: var(--soft); }
.provenance p { max-width: none; margin: .2rem 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  main { padding: 1.5rem 1rem 3rem; } h1 { font-size: 1.6rem; } h2 { margin-top: 2.25rem; }
  th, td { padding-right: .85rem; } tbody th { white-space: normal; } svg.effect { width: 5rem; }
  figure img.curves { max-width: none; width: 40rem; }
}
@media print {
  :root { --paper: #fff; --tint: #fff; } @page { margin: 16mm; }
  body { font-size: 10pt; } main { max-width: none; padding: 0; }
  .scroll { overflow: visible; } table { font-size: 8.5pt; } figure, section, tr, .notice { break-inside: avoid; }
  h2, h3 { break-after: avoid; } figure img { max-height: 20cm; width: auto; }
}
"""
