"""What stages do when they are called; here torch is imported, and nowhere else in `jobs`."""
