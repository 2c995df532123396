"""MLflow as a replica of the run folders: written from them, rebuilt from them, read for its views.

Nothing here runs while a model trains. `sync` brings a grid's experiment up to date,
`rows` reads the frame of its runs back, `serving` shows it. Importing this package, or
what describes a grid to it (`spec`), imports no mlflow; those three do.
"""

from harness.tracking.replica.spec import ReplicaCell, ReplicaGrid, ReplicaRun, SyncReport

__all__ = ["ReplicaCell", "ReplicaGrid", "ReplicaRun", "SyncReport"]
