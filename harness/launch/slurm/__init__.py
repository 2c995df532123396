"""Slurm: what a site's profile says, and the one place that calls its commands."""
