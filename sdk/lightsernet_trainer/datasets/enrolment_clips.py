"""Which of a speaker's clips a model is enrolled with, in scores as in training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lightsernet_edge.errors import InputError

from .clip import NEUTRAL, Clip

_ENROLMENT_S = 10.0


def enrolment_clips(clips: Sequence[Clip], seconds: Sequence[float], seed: int) -> list[int]:
    """Choose neutral clips of a speaker at random until they last `_ENROLMENT_S`.

    Parameters
    ----------
    clips : sequence of Clip
    seconds : sequence of float
        How long each lasts.
    seed : int

    Returns
    -------
    list of int
        Positions in `clips`; all neutral clips if they do not last that long.

    Raises
    ------
    InputError
        If there is none.
    """
    neutral = [i for i, clip in enumerate(clips) if clip.label == NEUTRAL]
    if not neutral:
        raise InputError(
            f"speaker {clips[0].speaker!r}: found no clip labelled {NEUTRAL!r}, expected some to "
            "enrol with"
        )
    chosen: list[int] = []
    for i in np.random.default_rng(seed).permutation(neutral):
        if sum(seconds[j] for j in chosen) >= _ENROLMENT_S:
            break
        chosen.append(int(i))
    return chosen
