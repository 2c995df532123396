"""Stands in for TIAToolbox, which needs an environment of its own: one class, the one that we call."""
