"""A training run: features, batches, the fit, checkpoints and what the run leaves."""
