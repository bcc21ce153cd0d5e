"""What a fold's model says of the clips held out, under each protocol and condition."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.classifier import Classifier, open_classifier
from lightsernet_edge.features import FeatureSpec, FrontEnd
from lightsernet_edge.judged_parts import JudgedParts, judged_parts
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.model.record import ModelRecord
from lightsernet_edge.profiles.enrolment import profile_of
from lightsernet_edge.profiles.profile import RunningProfile

from ..conditions import Condition, clip_random
from ..datasets.clip import Clip
from ..datasets.enrolment_clips import enrolment_clips
from ..results.result import ClipResult

Rows = NDArray[np.float64]

# Number of random orders of the speaker's clips under ``loso-running``.
_ORDERS = 5


class HeldOutClips:
    """The clips held out, and the features of what is judged of them.

    Parameters
    ----------
    clips : sequence of Clip
    record : ModelRecord
        Of the model.
    condition : Condition
        What the audio goes through first.

    Attributes
    ----------
    clips : tuple of Clip
    seconds : list of float
        Duration of each.
    parts : list of JudgedParts
        Of each, what `EmotionRecognizer` judges as well.
    rows : list of list of ndarray, each of shape (n_frames, n_coefficients)
        Of each part of each clip, before running mean, mean, scale and bound.
    """

    def __init__(self, clips: Sequence[Clip], record: ModelRecord, condition: Condition) -> None:
        self.clips = tuple(clips)
        spec = record.features
        front_end = FrontEnd(spec.without_standardisation())
        self.seconds: list[float] = []
        self.parts: list[JudgedParts] = []
        self.rows: list[list[Rows]] = []
        for clip in clips:
            recording = read_recording(clip.path, spec.sample_rate, clip.start_s, clip.end_s)
            self.seconds.append(recording.duration_s)
            samples = condition(recording.samples, clip_random(clip.path.name))
            parts = judged_parts(samples, record)
            self.parts.append(parts)
            self.rows.append([front_end.features(part) for part in parts.cut(samples)])


class FoldScorer:
    """A model of a fold, run on what was held out.

    Parameters
    ----------
    model : ModelFile
    fold : str
        Name of the fold.
    engine : str, optional
        By default the one that `lightsernet_edge.engines` chooses.
    begin_profile : callable, optional
        Makes the profile of the model's front end that the adapting protocols fill.
    """

    def __init__(
        self,
        model: ModelFile,
        fold: str,
        engine: str | None = None,
        begin_profile: Callable[[FeatureSpec], RunningProfile] = RunningProfile,
    ) -> None:
        # Results keep the posteriors of temperature 1: calibration starts from them.
        decision = replace(model.record.decision, temperature=1.0)
        self._classifier = open_classifier(model, engine, decision=decision)
        self._fold = fold
        self._begin_profile = begin_profile

    def score(self, protocol: str, held_out: HeldOutClips, seed: int) -> list[ClipResult]:
        """Classify the clips as the protocol says.

        Parameters
        ----------
        protocol : str
            A key of `protocols.PROTOCOLS`.
        held_out : HeldOutClips
        seed : int
            Of the orders of ``loso-running``, and of the choice of enrolment clips.

        Raises
        ------
        InputError
            If a speaker has no neutral clips to enrol with.
        """
        if protocol == "loso-running":
            return self._running(held_out, seed)
        if protocol == "loso-enrol":
            return self._enrolled(held_out, seed)
        return [self._result(held_out, i, self._classifier) for i in range(len(held_out.clips))]

    def _enrolled(self, held_out: HeldOutClips, seed: int) -> list[ClipResult]:
        chosen = enrolment_clips(held_out.clips, held_out.seconds, seed)
        neutral = [rows for i in chosen for rows in held_out.rows[i]]
        profile = profile_of(
            neutral, self._classifier.record, self._classifier.posteriors, self._begin_profile
        )
        enrolled = self._classifier.with_profile(profile)
        return [
            self._result(held_out, i, enrolled)
            for i in range(len(held_out.clips))
            if i not in chosen
        ]

    def _running(self, held_out: HeldOutClips, seed: int) -> list[ClipResult]:
        results = []
        for order in range(_ORDERS):
            random = np.random.default_rng((seed, order))
            profile = self._begin_profile(self._classifier.record.features)
            for preceding, i in enumerate(random.permutation(len(held_out.clips))):
                adapted = self._classifier.with_profile(profile.profile())
                results.append(self._result(held_out, int(i), adapted, order, preceding))
                for rows in held_out.rows[i]:
                    profile.add(rows)
        return results

    def _result(
        self,
        held_out: HeldOutClips,
        place: int,
        classifier: Classifier,
        order: int | None = None,
        preceding: int | None = None,
    ) -> ClipResult:
        clip = held_out.clips[place]
        rows = map(classifier.front_end.standardize, held_out.rows[place])
        posteriors = classifier.calibrated(*held_out.parts[place].run(classifier, rows))
        return ClipResult(
            clip.path.name,
            clip.speaker,
            self._fold,
            clip.label,
            tuple(posteriors.tolist()),
            order,
            preceding,
            place,
        )
