"""Loaders that read the mapped arrays of a pack."""
