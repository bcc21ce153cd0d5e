"""The verbs of the trainer: one module a verb."""

import os

# A notebook names a backend that need not be installed here, and matplotlib would not start.
os.environ["MPLBACKEND"] = "agg"
