"""`EmotionRecognizer`: recognises the emotion of whole recordings."""

from __future__ import annotations

import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .audio.long_recording import LongRecording, open_long_recording
from .audio.recording import Recording, as_pcm16, checked_rate, refuse_empty
from .audio.resampling import resample
from .classifier import open_classifier
from .decision import Emotion
from .endpointing.detector import Utterance, find_utterances_in_blocks
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
        with open_long_recording(path, self.sample_rate) as recording:
            utterances, duration_s = self._listen(recording, path)
            outputs = [
                self._output(stretch)
                for stretch in recording.spans(self._stretches(recording.size or 0))
            ]
        emotion = self._classifier.decide(*outputs, start_s=0.0, end_s=duration_s)
        if not utterances:
            _warn(path, "found no speech, so the answer means nothing")
        elif duration_s > MAX_STRETCH_S:
            _warn(
                path,
                f"lasts {duration_s:.0f} s and gets one answer; "
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
        rate = self.sample_rate
        shortest = self._classifier.decision.min_seconds * rate
        with open_long_recording(path, rate) as recording:
            found, _ = self._listen(recording, path)
            utterances = [(start, end) for start, end in found if end - start >= shortest]
            emotions = [
                self._decide(
                    Recording(as_samples(as_pcm16(samples)), rate), start / rate, end / rate
                )
                for (start, end), samples in zip(
                    utterances, recording.spans(utterances), strict=True
                )
            ]
        if not utterances:
            _warn(path, "found no speech")
        return emotions

    def _listen(self, recording: LongRecording, path: str | Path) -> tuple[list[Utterance], float]:
        """Read a recording once; return its utterances, in samples, and its length in seconds."""
        constants = EndpointConstants.of(
            self._classifier.decision.endpointing,
            self.sample_rate,
            self._classifier.spec.hop_length,
        )
        utterances = find_utterances_in_blocks(map(as_pcm16, recording.blocks()), constants)
        size = recording.size or 0
        refuse_empty(size, path)
        try:
            self._refuse_short(size / self.sample_rate)
        except AudioError as error:
            raise AudioError(f"{path}: {error}") from None
        return utterances, size / self.sample_rate

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
        self._refuse_short(recording.duration_s)
        spans = self._stretches(recording.samples.size)
        outputs = [self._output(recording.samples[start:end]) for start, end in spans]
        return self._classifier.decide(*outputs, start_s=start_s, end_s=end_s)

    def _output(self, samples: NDArray[np.float64]) -> RawOutput:
        return self._classifier.run(self._classifier.front_end.features(samples))

    def _refuse_short(self, duration_s: float) -> None:
        minimum = self._classifier.decision.min_seconds
        if duration_s < minimum:
            raise AudioError(f"lasts {duration_s:.4f} s, expected at least {minimum} s of audio")

    def _stretches(self, size: int) -> list[tuple[int, int]]:
        """Return what the network takes at once of `size` samples, as (start, end).

        A long recording has several stretches, as equal as can be; a front end that crops
        gets its crop.
        """
        clip = self._classifier.spec.clip_samples
        if clip:
            start = max(0, size - clip) // 2
            return [(start, min(size, start + clip))]
        count = max(1, int(np.ceil(size / self.sample_rate / MAX_STRETCH_S)))
        least, longer = divmod(size, count)
        bounds = [index * least + min(index, longer) for index in range(count + 1)]
        return list(pairwise(bounds))


def _warn(path: str | Path, message: str) -> None:
    warnings.warn(f"{path}: {message}", AudioWarning, stacklevel=3)
