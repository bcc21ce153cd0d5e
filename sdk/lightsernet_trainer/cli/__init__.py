"""The verbs of the trainer: one module a verb."""
