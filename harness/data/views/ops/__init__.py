"""What views do to a batch, in torch."""
