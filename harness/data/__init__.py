"""Feeding pairs: manifest > pack > order > loader > view and augmentation.

A manifest says which samples there are (`manifest.py`, `datasets/`), a pack holds
them as raw arrays (`pack.py`), an order says which rows a step takes
(`order.py`), a loader fetches those rows (`loaders/`); nothing in these four is
random beyond the order. Views and augmentations turn the rows of a batch into
what a branch sees; their randomness is keyed by the sample.
"""
