"""Benchmarks: what a path costs beside what else could be taken, in one run, as ratios."""
