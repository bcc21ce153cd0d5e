"""Which of EMO-DB's clips hold one utterance, and nothing audible beside it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile

from lightsernet_trainer.datasets.emodb import speech_bounds

_FRAME_S = 0.016
_AUDIBLE_DB = 35.0


def longest_segment(emodb: Path, clip: str) -> float | None:
    """Return the length of a clip's longest segment in seconds; None if it has no labels.

    Each line of a label file gives the end of a segment; the first one may be a
    pause. No sound lasts half a second, so a longer segment holds a pause,
    whatever its name is.
    """
    path = next((emodb / "lablaut").glob(f"{clip}*"), None)
    if path is None:
        return None
    _, _, body = path.read_text(encoding="latin-1").partition("\n#\n")
    ends = [float(line.split()[0]) for line in body.splitlines() if line.strip()]
    return max((b - a for a, b in pairwise(ends)), default=None)


def audible_outside(clip: Path) -> float:
    """Return how far sound reaches beyond a clip's labels, in seconds: a breath, a sob.

    Sound is what comes within 35 dB of the loudest frame.
    """
    samples, rate = soundfile.read(clip)
    frame = round(_FRAME_S * rate)
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    levels = 10.0 * np.log10(np.mean(frames**2, axis=1) + 1e-12)
    audible = np.flatnonzero(levels > levels.max() - _AUDIBLE_DB)
    bounds = speech_bounds(clip)
    assert bounds is not None
    return max(bounds[0] - audible[0] * _FRAME_S, (audible[-1] + 1) * _FRAME_S - bounds[1])
