"""What a cross-validation gave: posteriors of every clip, and what is computed from them."""
