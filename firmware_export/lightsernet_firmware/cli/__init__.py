"""The verbs of the firmware package: one module a verb."""
