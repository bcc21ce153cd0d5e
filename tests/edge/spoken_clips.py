"""The sample clips said one after the other, and the record of the model that ships."""

from __future__ import annotations

import numpy as np
import soundfile
from numpy.typing import NDArray

from lightsernet_edge.model.file import default_model_path, read_model
from tests.places import CLIP_FILES

RATE = 16000
RECORD = read_model(default_model_path()).record
SPEC = RECORD.features


def speech(gain: float = 1.0) -> NDArray[np.int16]:
    parts = []
    for clip in CLIP_FILES:
        parts += [np.zeros(RATE), 32768 * soundfile.read(clip)[0]]
    joined = np.concatenate([*parts, np.zeros(RATE)])
    return np.clip(np.rint(gain * joined), -32768, 32767).astype(np.int16)
