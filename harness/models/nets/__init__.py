"""The torch side of the encoders and expanders; the configs beside it import no torch."""
