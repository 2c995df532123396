"""How heads are fitted, with the packages that this takes."""
