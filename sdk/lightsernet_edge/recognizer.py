"""`EmotionRecognizer`: recognises the emotion of whole recordings."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .audio.recording import Recording, as_pcm16, checked_rate, read_recording
from .audio.resampling import resample
from .classifier import open_classifier
from .decision import Emotion
from .endpointing.detector import find_utterances
from .endpointing.settings import EndpointConstants
from .engines import RawOutput
from .errors import AudioError, AudioWarning, InputError
from .features.front_end import as_samples
from .files.json_fields import is_finite_number
from .profiles.profile import Profile

# The longest stretch that the network takes at once, in seconds: bounds the memory.
MAX_STRETCH_S = 30.0


class EmotionRecognizer:
    """Recognises the emotion of whole recordings.

    Parameters
    ----------
    model : str or Path, optional
        A `.tflite` with its record; by default the shipped model.
    engine : str, optional
        ``litert``, ``tflite``, ``tensorflow``, ``native`` or another registered engine;
        by default the first of the interpreters that is installed and works.
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

    def classify(self, path: str | Path) -> Emotion:
        """Recognise the emotion of a recording.

        Parameters
        ----------
        path : str or Path
            WAV, FLAC, OGG or MP3; any rate and number of channels.

        Returns
        -------
        Emotion

        Raises
        ------
        AudioError
            If the file cannot be read, is truncated, holds NaN or infinity, or is
            shorter than the record's ``min_seconds``.

        Warns
        -----
        AudioWarning
            If no speech is found, the recording is longer than `MAX_STRETCH_S`, or its sample
            rate is below the model's, so that the upper part of the band is missing.
        """
        recording = read_recording(path, self.sample_rate)
        try:
            emotion = self._decide(recording, 0.0, recording.duration_s)
        except AudioError as error:
            raise AudioError(f"{path}: {error}") from None
        if not self._utterances(as_pcm16(recording.samples)):
            _warn(path, "found no speech, so the answer means nothing")
        elif recording.duration_s > MAX_STRETCH_S:
            _warn(
                path,
                f"lasts {recording.duration_s:.0f} s and gets one answer; "
                "classify_utterances judges each stretch of speech",
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
        recording = read_recording(path, self.sample_rate)
        try:
            self._refuse_short(recording)
        except AudioError as error:
            raise AudioError(f"{path}: {error}") from None
        pcm, rate = as_pcm16(recording.samples), self.sample_rate
        shortest = self._classifier.decision.min_seconds * rate
        utterances = [
            (start, end) for start, end in self._utterances(pcm) if end - start >= shortest
        ]
        if not utterances:
            _warn(path, "found no speech")
        return [
            self._decide(Recording(as_samples(pcm[start:end]), rate), start / rate, end / rate)
            for start, end in utterances
        ]

    def _utterances(self, pcm: NDArray[np.int16]) -> list[tuple[int, int]]:
        constants = EndpointConstants.of(
            self._classifier.decision.endpointing,
            self.sample_rate,
            self._classifier.spec.hop_length,
        )
        return find_utterances(pcm, constants)

    def classify_samples(
        self, samples: ArrayLike, sample_rate: int, start_s: float = 0.0
    ) -> Emotion:
        """Recognise the emotion of mono samples in memory.

        Parameters
        ----------
        samples : array_like, shape (n,)
            int16, or float32 or float64 in -1..1.
        sample_rate : int
            In hertz, at least 1000.
        start_s : float
            Start of the samples in a longer recording, in seconds; added to the times of the
            result.

        Returns
        -------
        Emotion

        Raises
        ------
        InputError
            If the samples have another shape or type, are not finite, or are too few; if
            `sample_rate` is not a whole number of at least 1000, or `start_s` is not finite.
        """
        if not is_finite_number(start_s):
            raise InputError(f"start_s: found {start_s!r}, expected a time in seconds")
        audio = resample(as_samples(samples), checked_rate(sample_rate), self.sample_rate)
        recording = Recording(audio, self.sample_rate)
        return self._decide(recording, start_s, start_s + recording.duration_s)

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
        return self._output(recording.samples)

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

    def _decide(self, recording: Recording, start_s: float, end_s: float) -> Emotion:
        self._refuse_short(recording)
        outputs = [self._output(stretch) for stretch in self._stretches(recording)]
        return self._classifier.decide(*outputs, start_s=start_s, end_s=end_s)

    def _output(self, samples: NDArray[np.float64]) -> RawOutput:
        return self._classifier.run(self._classifier.front_end.features(samples))

    def _refuse_short(self, recording: Recording) -> None:
        minimum = self._classifier.decision.min_seconds
        if recording.duration_s < minimum:
            raise AudioError(
                f"lasts {recording.duration_s:.4f} s, expected at least {minimum} s of audio"
            )

    def _stretches(self, recording: Recording) -> list[NDArray[np.float64]]:
        """Cut a recording into stretches of equal length; only a long one has several."""
        n_stretches = 1
        if self._classifier.spec.clip_seconds is None:
            n_stretches = max(1, int(np.ceil(recording.duration_s / MAX_STRETCH_S)))
        return np.array_split(recording.samples, n_stretches)


def _warn(path: str | Path, message: str) -> None:
    warnings.warn(f"{path}: {message}", AudioWarning, stacklevel=3)
