"""`EmotionRecognizer`: recognises the emotion of whole recordings."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .audio.long_recording import LongRecording, open_long_recording
from .audio.recording import Recording, as_pcm16, checked_rate, refuse_empty
from .audio.resampling import resample
from .classifier import open_classifier
from .decision import Emotion
from .engines import RawOutput
from .errors import AudioError, AudioWarning, InputError
from .features.front_end import as_samples
from .files.json_fields import is_finite_number
from .judged_parts import (
    MAX_STRETCH_S,
    SPEECH,
    WHOLE,
    JudgedParts,
    Utterances,
    judged_parts,
    judged_utterances,
    parts_of,
)
from .profiles.profile import Profile


@dataclass(frozen=True)
class RecordingEmotion(Emotion):
    """The decision on a recording.

    Attributes
    ----------
    label, confidence, posteriors
        As of `Emotion`.
    start_s, end_s : float
        Start and end of the recording, in seconds.
    judged : str
        What was judged: ``speech``, the utterances; ``whole``, everything, as asked for or
        because the front end crops or pads every clip; ``no speech``, everything, because
        nobody was found to speak.
    judged_s : float
        Length of what was judged, in seconds, without the pauses between utterances.
    """

    judged: str
    judged_s: float


class EmotionRecognizer:
    """Recognises the emotion of whole recordings.

    Parameters
    ----------
    model : str or Path, optional
        A `.tflite` with its record, or the name of a model that ships; by default ``edge``.
    engine : str, optional
        ``litert``, ``tflite``, ``tensorflow``, ``native`` or another registered engine;
        by default the first interpreter that works; on 64-bit Arm ``native``.
    threads : int
        Number of threads, 1 to 1024.
    xnnpack : bool
        Whether to run on XNNPACK: faster on most machines, but the integers of an int8
        model differ in the last bits.
    profile : Profile, str or Path, optional
        Of the speaker, as `Enrolment` or the verb `enrol` makes it.

    Attributes
    ----------
    file : ModelFile
        The model and its record.
    labels : tuple of str
        In the model's order.
    sample_rate : int
        The sample rate of the model's front end, in hertz. Recordings are resampled to it.

    Raises
    ------
    InputError
        If no engine has that name, `threads` is out of range, or the profile is damaged or
        does not fit the model.
    ModelError
        If the model is missing, damaged or without a record, or the engine cannot run it.
    MissingDependencyError
        If a package that the engine needs is not installed, or no interpreter works.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        engine: str | None = None,
        threads: int = 1,
        xnnpack: bool = False,
        profile: Profile | str | Path | None = None,
    ) -> None:
        self._classifier = open_classifier(model, engine, threads, xnnpack, profile)
        self.file = self._classifier.file
        self.labels = self._classifier.labels
        self.sample_rate = self._classifier.spec.sample_rate

    def classify(self, path: str | Path, whole: bool = False) -> RecordingEmotion:
        """Recognise the emotion of a recording, by the speech in it.

        The utterances that `classify_utterances` finds are judged together. Where there is
        none, the whole recording is judged, with a warning.

        Parameters
        ----------
        path : str or Path
            WAV, FLAC, OGG or MP3; any rate and number of channels.
        whole : bool
            Whether to judge everything, pauses and noise included.

        Returns
        -------
        RecordingEmotion

        Raises
        ------
        AudioError
            If the file cannot be read, is truncated, holds NaN or infinity, or is
            shorter than the record's ``min_seconds``.

        Warns
        -----
        AudioWarning
            If no speech is found, more than `MAX_STRETCH_S` seconds are judged, or the sample
            rate is below the model's, so that the upper part of the band is missing.
        """
        with open_long_recording(path, self.sample_rate) as recording:
            utterances, size = self._listen(recording, path)
            parts = parts_of(utterances.judged, size, self._classifier.record, whole)
            emotion = self._judged(parts, recording.spans(parts.spans), 0.0, size)
        if not utterances.any_speech:
            _warn(path, "found no speech, so the answer means nothing")
        elif emotion.end_s > MAX_STRETCH_S and (length := _judged_length(emotion)):
            _warn(
                path,
                f"{length} and gets one answer; classify_utterances judges each stretch of speech",
            )
        return emotion

    def classify_utterances(self, path: str | Path) -> list[Emotion]:
        """Recognise the emotion of each stretch of speech in a recording.

        The results equal the events of `EmotionStream` on the same audio.

        Parameters
        ----------
        path : str or Path
            WAV, FLAC, OGG or MP3; any rate and number of channels.

        Returns
        -------
        list of Emotion
            In order of time; empty if nobody speaks.

        Raises
        ------
        AudioError
            As `classify`.

        Warns
        -----
        AudioWarning
            If no speech is found, or the sample rate is below the model's.
        """
        with open_long_recording(path, self.sample_rate) as recording:
            utterances = self._listen(recording, path)[0].judged
            emotions = [
                self._decide(JudgedParts(SPEECH, (span,)), [samples], 0.0)
                for span, samples in zip(utterances, recording.spans(utterances), strict=True)
            ]
        if not utterances:
            _warn(path, "found no speech")
        return emotions

    def _listen(self, recording: LongRecording, path: str | Path) -> tuple[Utterances, int]:
        """Read a recording once; return its utterances and its length, in samples."""
        blocks = map(as_pcm16, recording.blocks())
        utterances = judged_utterances(blocks, self._classifier.record)
        size = recording.size or 0
        refuse_empty(size, path)
        try:
            self._refuse_short(size)
        except AudioError as error:
            raise AudioError(f"{path}: {error}") from None
        return utterances, size

    def classify_samples(
        self, samples: ArrayLike, sample_rate: int, start_s: float = 0.0, whole: bool = False
    ) -> RecordingEmotion:
        """Recognise the emotion of mono samples in memory, as `classify` does that of a file.

        Parameters
        ----------
        samples : array_like, shape (n,)
            int16, or float32 or float64 in -1..1.
        sample_rate : int
            In hertz, at least 1000.
        start_s : float
            Start of the samples in a longer recording, in seconds; added to the times of the
            result.
        whole : bool
            Whether to judge everything, pauses and noise included: for an utterance that was
            cut out already.

        Returns
        -------
        RecordingEmotion

        Raises
        ------
        InputError
            If the samples have another shape or type, are not finite, or are too few; if
            `sample_rate` is not a whole number of at least 1000, or `start_s` is not finite.
        """
        if not is_finite_number(start_s):
            raise InputError(f"start_s: found {start_s!r}, expected a time in seconds")
        audio = resample(as_samples(samples), checked_rate(sample_rate), self.sample_rate)
        self._refuse_short(audio.size)
        parts = judged_parts(audio, self._classifier.record, whole)
        return self._judged(parts, parts.pieces(audio), start_s, audio.size)

    def output(self, recording: Recording) -> RawOutput:
        """Run the network once and return its raw output.

        Parameters
        ----------
        recording : Recording
            At the model's sample rate, at most `MAX_STRETCH_S` long.

        Returns
        -------
        ndarray of float32 or int8, shape (n_labels,)
            The output tensor, not dequantised.
        """
        return self._classifier.run(self._classifier.front_end.features(recording.samples))

    def posteriors(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Run the network on rows of features and return its posteriors, before any decision.

        Parameters
        ----------
        rows : ndarray of float64, shape (n_frames, n_coefficients)
            Standardised, as `FrontEnd.features` computes them.

        Returns
        -------
        ndarray of float64, shape (n_labels,)
            In 0..1, summing to 1 within the rounding of an int8 softmax.
        """
        return self._classifier.posteriors(rows)

    def _judged(
        self, parts: JudgedParts, pieces: Iterable[NDArray[np.float64]], start_s: float, size: int
    ) -> RecordingEmotion:
        emotion = self._decide(parts, pieces, start_s)
        return RecordingEmotion(
            emotion.label,
            emotion.confidence,
            emotion.posteriors,
            start_s,
            start_s + size / self.sample_rate,
            parts.judged,
            parts.n_samples / self.sample_rate,
        )

    def _decide(
        self, parts: JudgedParts, pieces: Iterable[NDArray[np.float64]], start_s: float
    ) -> Emotion:
        rows = map(self._classifier.front_end.features, parts.heard(pieces))
        return self._classifier.decide(
            *parts.run(self._classifier, rows),
            start_s=start_s + parts.spans[0][0] / self.sample_rate,
            end_s=start_s + parts.spans[-1][1] / self.sample_rate,
        )

    def _refuse_short(self, size: int) -> None:
        duration_s, minimum = size / self.sample_rate, self._classifier.decision.min_seconds
        if duration_s < minimum:
            raise AudioError(f"lasts {duration_s:.4f} s, expected at least {minimum} s of audio")


def _judged_length(emotion: RecordingEmotion) -> str | None:
    """Say how much of a recording one answer is about; None if it is no more than it should be."""
    if emotion.judged == WHOLE and emotion.judged_s < emotion.end_s:
        return f"lasts {emotion.end_s:.0f} s, of which the middle {emotion.judged_s:g} s are heard,"
    if emotion.judged_s <= MAX_STRETCH_S:
        return None
    seconds = f"{emotion.judged_s:.0f} s"
    return f"holds {seconds} of speech" if emotion.judged == SPEECH else f"lasts {seconds}"


def _warn(path: str | Path, message: str) -> None:
    warnings.warn(f"{path}: {message}", AudioWarning, stacklevel=3)
