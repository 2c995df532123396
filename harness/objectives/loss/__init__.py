"""The torch side of the objectives; importing it imports torch, so only `build()` does."""
