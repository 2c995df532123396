"""What augmentations do to a batch, in torch, and how their parameters are drawn."""
