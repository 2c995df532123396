"""The training loop and what it stands on: optimiser, schedule, precision, checkpoints, the distributed engine.

`loop.fit` knows no dataset, model or objective: it takes a module, a callable that
gives the loss terms of a batch, and a callable that gives the batches from a step on.
"""
