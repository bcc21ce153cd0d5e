"""What of a recording one answer is about: the speech in it, or all of it.

`EmotionRecognizer` and the trainer's scores ask here, so that they judge the same samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .audio.recording import as_pcm16
from .classifier import Classifier
from .endpointing.detector import Utterance, find_utterances_in_blocks
from .endpointing.settings import EndpointConstants
from .engines import RawOutput
from .features.front_end import as_samples
from .model.record import ModelRecord

Samples = NDArray[np.float64]
Rows = NDArray[np.float64]

# The longest stretch that the network takes at once, in seconds: bounds the memory.
MAX_STRETCH_S = 30.0
SPEECH = "speech"
WHOLE = "whole"
NO_SPEECH = "no speech"


@dataclass(frozen=True)
class Utterances:
    """What is said in a recording.

    Attributes
    ----------
    judged : list of (start, end)
        Those that are long enough to be judged, in samples, in order of time.
    any_speech : bool
        Whether somebody speaks at all, be it too short.
    """

    judged: list[Utterance]
    any_speech: bool


@dataclass(frozen=True)
class JudgedParts:
    """The parts of a recording that one answer is about.

    Attributes
    ----------
    judged : str
        `SPEECH`: the utterances; `WHOLE`: everything, as asked for, or because the front end
        crops or pads every clip (then what it crops to); `NO_SPEECH`: everything, because
        nobody was found to speak.
    spans : tuple of (start, end)
        In samples, `end` exclusive; at least one, in order of time, not overlapping.
    """

    judged: str
    spans: tuple[Utterance, ...]

    @property
    def n_samples(self) -> int:
        """The number of samples judged."""
        return sum(end - start for start, end in self.spans)

    def pieces(self, samples: Samples) -> Iterator[Samples]:
        """Yield the samples of each part of a recording in memory, shape (n,)."""
        for start, end in self.spans:
            yield samples[start:end]

    def heard(self, pieces: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the samples of each part as the front end takes them.

        Parameters
        ----------
        pieces : iterable of ndarray of float64, each of shape (n,)
            Those of the parts, in units of full scale. Utterances are rounded to int16, as a
            stream receives them.
        """
        for piece in pieces:
            yield as_samples(as_pcm16(piece)) if self.judged == SPEECH else piece

    def cut(self, samples: Samples) -> Iterator[Samples]:
        """Yield what the front end takes of a recording in memory, shape (n,)."""
        yield from self.heard(self.pieces(samples))

    def run(self, classifier: Classifier, rows: Iterable[Rows]) -> list[RawOutput]:
        """Run the network on the parts.

        Utterances are joined, row by row, to what the network takes at once.

        Parameters
        ----------
        classifier : Classifier
        rows : iterable of ndarray of float64, each of shape (n_frames, n_coefficients)
            Of each part, standardised; the front end begins anew with each.

        Returns
        -------
        list of ndarray of float32 or int8, each of shape (n_outputs,)
            Of stretches of equal length, as `Classifier.decide` takes them; only a long
            recording has several.
        """
        if self.judged != SPEECH:
            return [classifier.run(each) for each in rows]
        spec = classifier.spec
        n_rows = sum(spec.n_frames(end - start) for start, end in self.spans)
        most = int(MAX_STRETCH_S * spec.sample_rate / spec.hop_length)
        bounds = _equal_bounds(n_rows, max(1, math.ceil(n_rows / most)))
        sizes = [end - start for start, end in pairwise(bounds)]
        return [classifier.run(each) for each in _joined(rows, sizes)]


def _joined(rows: Iterable[Rows], sizes: Iterable[int]) -> Iterator[Rows]:
    """Join the rows of parts, and yield them in stretches; only one is in memory at a time."""
    parts = iter(rows)
    pieces: list[Rows] = []
    held = 0
    for size in sizes:
        while held < size or not pieces:
            pieces.append(next(parts))
            held += len(pieces[-1])
        together = np.concatenate(pieces)
        yield together[:size]
        pieces, held = [together[size:]], held - size


def _equal_bounds(size: int, count: int) -> list[int]:
    """Return where `count` stretches of equal length, but for one, begin and end."""
    least, longer = divmod(size, count)
    return [index * least + min(index, longer) for index in range(count + 1)]


def judged_parts(samples: Samples, record: ModelRecord, whole: bool = False) -> JudgedParts:
    """Choose what of a recording is judged.

    Parameters
    ----------
    samples : ndarray of float64, shape (n,)
        Of the recording, mono at the model's rate, in units of full scale.
    record : ModelRecord
        Of the model.
    whole : bool
        Whether to judge everything, pauses and noise included.
    """
    utterances = [] if whole else judged_utterances([as_pcm16(samples)], record).judged
    return parts_of(utterances, samples.size, record, whole)


def parts_of(
    utterances: Sequence[Utterance], size: int, record: ModelRecord, whole: bool = False
) -> JudgedParts:
    """Choose what is judged of a recording whose utterances are known.

    Parameters
    ----------
    utterances : sequence of (start, end)
        That `judged_utterances` found, in samples.
    size : int
        Of the recording, in samples.
    record, whole
        As for `judged_parts`.
    """
    spec = record.features
    if spec.clip_samples:
        # Such a front end hears no more than the middle of a clip, however long that is.
        start = max(0, (size - spec.clip_samples) // 2)
        return JudgedParts(WHOLE, ((start, min(size, start + spec.clip_samples)),))
    if utterances and not whole:
        return JudgedParts(SPEECH, tuple(utterances))
    count = max(1, math.ceil(size / (MAX_STRETCH_S * spec.sample_rate)))
    spans = tuple(pairwise(_equal_bounds(size, count)))
    return JudgedParts(WHOLE if whole else NO_SPEECH, spans)


def judged_utterances(blocks: Iterable[NDArray[np.int16]], record: ModelRecord) -> Utterances:
    """Find the utterances of a recording that are long enough to be judged.

    Parameters
    ----------
    blocks : iterable of ndarray of int16, each of shape (n,)
        The recording, mono at the model's rate.
    record : ModelRecord
        Of the model.

    Returns
    -------
    Utterances
    """
    spec, decision = record.features, record.decision
    constants = EndpointConstants.of(decision.endpointing, spec.sample_rate, spec.hop_length)
    shortest = decision.min_seconds * spec.sample_rate
    found = find_utterances_in_blocks(blocks, constants)
    judged = [span for span in found if span[1] - span[0] >= shortest]
    return Utterances(judged, bool(found))
