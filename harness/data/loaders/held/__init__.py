"""Loaders that hold a pack in memory."""
