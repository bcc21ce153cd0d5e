"""Where in a recording somebody speaks, from the energy of short frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_FRAME_S = 0.032
_HOP_S = 0.016
# Below this a recording counts as silent throughout, in dB of full scale.
_SILENCE_DB = -65.0
# The noise floor is taken from the quietest frames, the speech level from the
# loudest, as percentiles; with less than _RANGE_DB between them there are no pauses.
_FLOOR_PERCENTILE = 10.0
_SPEECH_PERCENTILE = 95.0
_RANGE_DB = 12.0
# Speech begins above this share of the range over the floor, and lasts above
# the lower one: hysteresis.
_BEGIN_SHARE = 0.45
_LAST_SHARE = 0.30
# Pauses shorter than the hang-over belong to the utterance; bursts shorter
# than the minimum do not count; the margin keeps soft beginnings and ends.
_HANGOVER_S = 0.5
_MINIMUM_S = 0.25
_MARGIN_S = 0.1


def find_utterances(samples: NDArray[np.float64], sample_rate: int) -> list[tuple[float, float]]:
    """Find the stretches of speech in a recording.

    Parameters
    ----------
    samples : ndarray of float64, shape (n,)
        Mono, in units of full scale.
    sample_rate : int
        In hertz.

    Returns
    -------
    list of (start_s, end_s)
        In seconds, in order, not overlapping. Empty for silence; one stretch
        for a recording without pauses.
    """
    duration = samples.size / sample_rate
    levels = _levels_db(samples, sample_rate)
    if levels.size == 0:
        return []
    floor = float(np.percentile(levels, _FLOOR_PERCENTILE))
    speech = float(np.percentile(levels, _SPEECH_PERCENTILE))
    if speech < _SILENCE_DB:
        return []
    if speech - floor < _RANGE_DB:
        return [(0.0, duration)]
    floor = max(floor, _SILENCE_DB)
    begin = floor + _BEGIN_SHARE * (speech - floor)
    last = floor + _LAST_SHARE * (speech - floor)
    utterances: list[tuple[float, float]] = []
    for start, end in _runs(levels, begin, last):
        start_s, end_s = start * _HOP_S, (end - 1) * _HOP_S + _FRAME_S
        if utterances and start_s - utterances[-1][1] < _HANGOVER_S:
            utterances[-1] = (utterances[-1][0], end_s)
        else:
            utterances.append((start_s, end_s))
    return [
        (max(0.0, start_s - _MARGIN_S), min(duration, end_s + _MARGIN_S))
        for start_s, end_s in utterances
        if end_s - start_s >= _MINIMUM_S
    ]


def _levels_db(samples: NDArray[np.float64], sample_rate: int) -> NDArray[np.float64]:
    """Return the RMS of every frame in dB of full scale."""
    frame, hop = round(_FRAME_S * sample_rate), round(_HOP_S * sample_rate)
    if samples.size < frame:
        return np.empty(0)
    energy = np.concatenate([[0.0], np.cumsum(samples**2)])
    starts = np.arange(0, samples.size - frame + 1, hop)
    power = np.maximum(energy[starts + frame] - energy[starts], 0.0) / frame
    return np.asarray(10.0 * np.log10(power + 1e-12))


def _runs(levels: NDArray[np.float64], begin: float, last: float) -> list[tuple[int, int]]:
    """Return the runs of frames above `last` that reach `begin` somewhere."""
    above = np.concatenate([[False], levels > last, [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(above))
    return [
        (int(start), int(end))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
        if levels[start:end].max() > begin
    ]
