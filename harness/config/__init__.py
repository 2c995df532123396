"""Typed, frozen configurations, families of components, identity, and grid files."""
