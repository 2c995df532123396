"""What a trained encoder is worth: predictions kept per sample, metrics on them, and statistics over seeds and groups.

Nothing here needs torch: a table can be made, and its statistics redone, wherever
the predictions lie.
"""
