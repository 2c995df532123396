"""Loaders that read a .beton."""
