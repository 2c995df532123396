"""Plans, states, prices and the ledger: everything about a grid short of running it."""
