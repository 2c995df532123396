"""The torch side of the image losses; the configs beside it import no torch."""
