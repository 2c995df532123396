"""What a worker runs: one stage a file, each a frozen config and a `__call__` that reads like the paper's Methods."""
