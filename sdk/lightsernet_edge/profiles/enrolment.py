"""`Enrolment`: makes a profile from some seconds of neutral speech, and warns of bad audio."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..audio.pcm import HopCutter, as_int16, rms_db
from ..endpointing.detector import Endpointer, HopLevels, Utterance
from ..endpointing.settings import EndpointConstants
from ..errors import AudioError, InputError
from ..features import FeatureSpec, FrontEnd
from ..labels import NEUTRAL
from ..model.record import ModelRecord
from .neutral_bias import Posteriors, mean_log_posteriors, neutral_bias
from .profile import Profile, RunningProfile

# In seconds: less speech gives no profile, or a profile with a warning.
LEAST_S = 1.0
SHORT_S = 5.0
# Speech below this RMS, in dB of full scale, is near the quantisation steps of 16-bit audio and
# the noise of the microphone.
QUIET_DBFS = -50.0
# A larger share of samples at full scale is audible as distortion.
CLIPPED_SHARE = 0.001
_BOUNDS = (-32768, 32767)


@dataclass(frozen=True)
class EnrolmentWarning:
    """A reason why a profile may be less accurate.

    Attributes
    ----------
    kind : str
        ``short``, ``quiet`` or ``clipped``.
    message : str
        What was found and what was expected.
    """

    kind: str
    message: str


@dataclass(frozen=True)
class EnrolmentResult:
    """A profile and the speech that it was made of.

    Attributes
    ----------
    profile : Profile
    seconds : float
        Length of the speech, without pauses.
    level_db : float
        RMS of the speech, in dB of full scale.
    warnings : tuple of EnrolmentWarning
        Empty if the speech is good enough.
    """

    profile: Profile
    seconds: float
    level_db: float
    warnings: tuple[EnrolmentWarning, ...]


class Enrolment:
    """Finds the speech in audio, and makes a profile of it.

    Parameters
    ----------
    record : ModelRecord
        Of the model that the profile is for.
    posteriors : callable, optional
        The model, from standardised rows to posteriors, for example
        `EmotionRecognizer.posteriors`. With it, the profile has the model's bias on this
        voice.

    Attributes
    ----------
    sample_rate : int
        Of the samples that `push` takes, in hertz.

    Raises
    ------
    InputError
        If the model's front end cannot use a profile: it must be causal and standardise.
    """

    def __init__(self, record: ModelRecord, posteriors: Posteriors | None = None) -> None:
        spec = record.features
        # Raises if the front end does not standardise.
        RunningProfile(spec)
        self._record = record
        self._posteriors = posteriors
        # Raises if the front end is not causal.
        plain = spec.without_standardisation()
        FrontEnd(plain).stream()
        self._front_end = FrontEnd(plain)
        self.sample_rate = spec.sample_rate
        self._hop_length = spec.hop_length
        constants = EndpointConstants.of(
            record.decision.endpointing, spec.sample_rate, spec.hop_length
        )
        self._cutter = HopCutter(self._hop_length)
        self._levels = HopLevels(constants)
        self._endpointer = Endpointer(constants)
        self._hops: list[NDArray[np.int16]] = []
        # For each hop, the share of its samples that are clipped.
        self._clipped: list[NDArray[np.float64]] = []
        self._spans: list[Utterance] = []

    def push(self, pcm: ArrayLike, clipped_share: float | None = None) -> None:
        """Take in samples.

        Parameters
        ----------
        pcm : array_like, shape (n,)
            Mono, at `sample_rate`; int16, or float in -1..1.
        clipped_share : float, optional
            Share of the samples that were at full scale before channels were averaged and
            the rate was changed, in 0..1, see `AudioBlock`. It applies to the hops that end
            in these samples. By default, clipping is measured on `pcm`.

        Raises
        ------
        InputError
            If the samples have another shape or type, are not finite, or lie outside -1..1,
            or `clipped_share` is not in 0..1.
        """
        if clipped_share is not None and not 0.0 <= clipped_share <= 1.0:
            raise InputError(f"clipped_share: found {clipped_share:g}, expected 0..1")
        for hops in self._cutter.push(as_int16(pcm)):
            self._hops.append(hops.copy())
            if clipped_share is None:
                self._clipped.append(np.isin(hops, _BOUNDS).mean(axis=1))
            else:
                self._clipped.append(np.full(len(hops), clipped_share))
            for level in self._levels.push(hops.reshape(-1)).tolist():
                self._keep(self._endpointer.step(level))

    def mark_broken(self) -> None:
        """Report that samples were lost after the last ones and before the next.

        The utterance in progress ends there, and an incomplete hop is dropped, so that no
        row of features spans the gap.
        """
        self._keep(self._endpointer.finish())
        self._cutter.reset()
        self._levels.reset()

    def _keep(self, ended: Utterance | None) -> None:
        """Keep an utterance that ended, if it is long enough to be judged."""
        shortest = self._record.decision.min_seconds * self.sample_rate
        if ended is not None and (ended[1] - ended[0]) * self._hop_length >= shortest:
            self._spans.append(ended)

    @property
    def speech_s(self) -> float:
        """Length of the speech so far, with the utterance in progress, in seconds."""
        hops = sum(end - start for start, end in self._spans)
        if self._endpointer.in_speech:
            hops += self._endpointer.end - self._endpointer.start
        return hops * self._hop_length / self.sample_rate

    def finish(self) -> EnrolmentResult:
        """Make the profile of the speech that was found.

        Returns
        -------
        EnrolmentResult

        Raises
        ------
        AudioError
            If there is less than one second of speech.
        """
        self._keep(self._endpointer.finish())
        spans = self._spans
        hops = (
            np.concatenate(self._hops) if self._hops else np.zeros((0, self._hop_length), np.int16)
        )
        utterances = [hops[start:end].reshape(-1) for start, end in spans]
        seconds = sum(utterance.size for utterance in utterances) / self.sample_rate
        if seconds < LEAST_S:
            raise AudioError(
                f"found {seconds:.1f} s of speech in {hops.size / self.sample_rate:.1f} s of "
                f"audio, expected at least {LEAST_S:g} s, better ten"
            )
        rows = [self._front_end.features(utterance) for utterance in utterances]
        speech = np.concatenate(utterances)
        shares = np.concatenate(self._clipped)
        clipped = float(np.concatenate([shares[start:end] for start, end in spans]).mean())
        level = rms_db(speech)
        profile = profile_of(rows, self._record, self._posteriors)
        return EnrolmentResult(profile, seconds, level, _warnings(seconds, level, clipped))


def profile_of(
    utterances: Sequence[NDArray[np.float64]],
    record: ModelRecord,
    posteriors: Posteriors | None = None,
    begin_profile: Callable[[FeatureSpec], RunningProfile] = RunningProfile,
) -> Profile:
    """Make the profile of a speaker from neutral utterances.

    Parameters
    ----------
    utterances : sequence of ndarray of float64, shape (n_frames, n_coefficients)
        Rows that are not standardised; at least one utterance.
    record : ModelRecord
        Of the model.
    posteriors : callable, optional
        The model, from standardised rows to posteriors, to measure its bias. Without it, or
        if the record has no ``neutral_log_posteriors``, the profile has no bias. Utterances
        shorter than the record's ``min_seconds`` do not contribute to it.
    begin_profile : callable, optional
        Makes the running profile that takes the rows in.

    Returns
    -------
    Profile

    Raises
    ------
    InputError
        If the front end does not standardise.
    """
    running = begin_profile(record.features)
    for rows in utterances:
        running.add(rows)
    profile = running.profile()
    spec, decision = record.features, record.decision
    expected = decision.neutral_log_posteriors
    shortest = spec.n_frames(round(decision.min_seconds * spec.sample_rate))
    judged = [rows for rows in utterances if len(rows) >= max(1, shortest)]
    if posteriors is None or not expected or not judged:
        return profile
    found = neutral_answers(judged, spec, profile, posteriors)
    reference = np.array([expected[label] for label in record.outputs])
    neutral = record.outputs.index(NEUTRAL) if NEUTRAL in record.outputs else -1
    bias = neutral_bias(found, reference, neutral, running.seconds)
    return replace(profile, bias=bias, model=record.sha256)


def neutral_answers(
    utterances: Sequence[NDArray[np.float64]],
    spec: FeatureSpec,
    profile: Profile,
    posteriors: Posteriors,
) -> NDArray[np.float64]:
    """Return a model's mean log posteriors on a speaker's utterances, with the profile in use.

    Parameters
    ----------
    utterances : sequence of ndarray of float64, shape (n_frames, n_coefficients)
        Rows that are not standardised; at least one utterance.
    spec : FeatureSpec
        Of the model.
    profile : Profile
        Of the speaker.
    posteriors : callable
        The model, from standardised rows to posteriors.

    Returns
    -------
    ndarray of float64, shape (n_labels,)
        In nats, as of `mean_log_posteriors`.
    """
    front_end = FrontEnd(profile.applied_to(spec))
    return mean_log_posteriors([front_end.standardize(rows) for rows in utterances], posteriors)


def _warnings(seconds: float, level_db: float, clipped: float) -> tuple[EnrolmentWarning, ...]:
    found = []
    if seconds < SHORT_S:
        found.append(
            EnrolmentWarning(
                "short",
                f"too short: found {seconds:.1f} s of speech, expected at least {SHORT_S:g} s, "
                "better ten",
            )
        )
    if level_db < QUIET_DBFS:
        found.append(
            EnrolmentWarning(
                "quiet",
                f"too quiet: the speech is at {level_db:.0f} dB of full scale, expected at least "
                f"{QUIET_DBFS:.0f} dB: move closer or raise the microphone's gain",
            )
        )
    if clipped > CLIPPED_SHARE:
        found.append(
            EnrolmentWarning(
                "clipped",
                f"clipped: {clipped:.1%} of the speech is at full scale, expected at most "
                f"{CLIPPED_SHARE:.1%}: lower the microphone's gain",
            )
        )
    return tuple(found)
