"""The choice of a speaker's enrolment clips, the same in scores and in training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lightsernet_edge.errors import InputError
from lightsernet_edge.labels import NEUTRAL

from .clip import Clip

_ENROLMENT_S = 10.0


def enrolment_clips(clips: Sequence[Clip], seconds: Sequence[float], seed: int) -> list[int]:
    """Choose neutral clips of a speaker at random until they last ten seconds.

    Parameters
    ----------
    clips : sequence of Clip
        All of one speaker; at least one is neutral.
    seconds : sequence of float
        Duration of each clip.
    seed : int
        Of the choice, from 0.

    Returns
    -------
    list of int
        Positions in `clips`; those of all neutral clips if these are shorter together.

    Raises
    ------
    InputError
        If no clip is neutral.
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
