"""Run one utterance of 3 s, with a call of getppid between its parts: run on an emulated Pi.

    python utterance.py ENGINE

The parts are the front end and the network, twice each; the first round, before any call,
is for what runs once only. ENGINE is as in ``outputs.py``.
"""

import os
import sys

import numpy as np
from outputs import opened

from lightsernet_edge.classifier import open_classifier
from lightsernet_edge.features import FrontEnd

file = open_classifier().file
front_end = FrontEnd(file.record.features)
engine = opened(file, sys.argv[1])
samples = (np.random.default_rng(0).normal(size=48000) * 3000).astype(np.int16)
rows = front_end.features(samples)
engine.invoke(rows)
for _ in range(2):
    os.getppid()
    rows = front_end.features(samples)
    os.getppid()
    engine.invoke(rows)
os.getppid()
