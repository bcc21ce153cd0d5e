"""The verbs of the firmware package, one module per verb, and its share of ``info``."""
