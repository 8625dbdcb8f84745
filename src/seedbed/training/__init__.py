"""Models, batches, the training loop, checkpoints and export."""
