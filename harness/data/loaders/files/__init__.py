"""Loaders that decode the image files of a manifest."""
