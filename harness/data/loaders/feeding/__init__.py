"""What loaders share that decode ahead of the training: the thread, and the memory of batches."""
