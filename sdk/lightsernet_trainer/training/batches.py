"""Batches for training: crops of fixed length out of clips of any length."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.features import FeatureSpec, FrontEnd, Standardization
from lightsernet_edge.labels import NEUTRAL
from lightsernet_edge.profiles.profile import RunningProfile

from ..conditions.condition import CLEAN
from ..configuration import TrainingConfiguration
from ..datasets.clip import Clip
from .feature_store import FeatureStore, Heard

Rows = NDArray[np.float32]
# From crops and targets of a batch to the targets that the batch gets.
Answer = Callable[[Rows, Rows], Rows]

# Share of the crops that a profile standardises; the others see the training set's
# statistics, as an unknown speaker does.
_PROFILE_SHARE = 0.5
# Weight of the training set's statistics in a training profile, in seconds of speech. A
# device's profile follows its user more slowly: its weights were tuned on networks that
# were trained with these.
PRIOR_S = 5.0


@dataclass(frozen=True)
class Augmentation:
    """Random changes of training crops; the defaults change nothing.

    Attributes
    ----------
    time_masks, time_mask_frames : int
        Number of stretches set to the mean, from 0, and their greatest length in frames
        (SpecAugment, Park et al. 2019).
    mixup : float
        Parameter alpha of the Beta distribution that weights two mixed crops
        (mixup, Zhang et al. 2018); 0 for none.
    variants : tuple of str
        Conditions a crop may be taken under, besides the clip as it is.
    profile_clips : int
        Greatest number of the speaker's clips in a crop's profile; 0 for no profiles.
    neutral_profiles : float
        Share of the profiles, in 0..1, that are made of the speaker's neutral clips
        alone, as enrolment makes them; a speaker without any gets the other kind.
    """

    time_masks: int = 0
    time_mask_frames: int = 0
    mixup: float = 0.0
    variants: tuple[str, ...] = ()
    profile_clips: int = 0
    neutral_profiles: float = 0.0

    @classmethod
    def of(cls, configuration: TrainingConfiguration) -> Augmentation:
        """Return the augmentation of a configuration."""
        return cls(**{f.name: getattr(configuration, f.name) for f in dataclasses.fields(cls)})


class CropBatches:
    """Shuffled batches of random crops; the same for the same seed and epoch.

    Parameters
    ----------
    store : FeatureStore
        Gives the rows, not standardised. If it has draws, every crop is of one.
    clips : sequence of Clip
        Each is cropped once per epoch; at least one.
    labels : sequence of str
        In the model's order.
    spec : FeatureSpec
        With the mean, scale and bound to apply.
    n_frames : int
        Length of a crop, in frames, at least 1.
    batch_size : int
        Crops per batch, at least 1; the last batch of an epoch may be smaller.
    seed : int
        Of every random choice, from 0.
    augmentation : Augmentation
    answer : callable, optional
        Makes the targets of crops, before they are mixed, of those of their labels; for a
        teacher's answers.
    """

    def __init__(
        self,
        store: FeatureStore,
        clips: Sequence[Clip],
        labels: Sequence[str],
        spec: FeatureSpec,
        n_frames: int,
        batch_size: int,
        seed: int,
        augmentation: Augmentation,
        answer: Answer | None = None,
    ) -> None:
        self._store = store
        self._clips = list(clips)
        self._targets = np.eye(len(labels), dtype=np.float32)[
            [list(labels).index(clip.label) for clip in clips]
        ]
        self._spec = spec
        self._normaliser = Normaliser(spec)
        self._by_speaker: defaultdict[str, list[Clip]] = defaultdict(list)
        for clip in clips:
            self._by_speaker[clip.speaker].append(clip)
        self._n_frames = n_frames
        self._batch_size = batch_size
        self._seed = seed
        self._augmentation = augmentation
        self._answer = answer

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return math.ceil(len(self._clips) / self._batch_size)

    def epoch(self, number: int) -> Iterator[tuple[Rows, Rows]]:
        """Yield the batches of an epoch, counted from 0.

        Yields
        ------
        crops : ndarray of float32, shape (batch, n_frames, n_coefficients, 1)
        targets : ndarray of float32, shape (batch, n_labels)
            One-hot, or as `answer` makes them, or mixed.
        """
        random = np.random.default_rng((self._seed, number))
        order = random.permutation(len(self._clips))
        for start in range(0, len(order), self._batch_size):
            chosen = order[start : start + self._batch_size]
            crops = np.stack([self._crop(self._clips[i], number, random) for i in chosen])
            targets = self._targets[chosen]
            if self._answer is not None:
                targets = self._answer(crops, targets)
            yield self._mixed(crops, targets, random)

    def _crop(self, clip: Clip, epoch: int, random: np.random.Generator) -> Rows:
        augmentation = self._augmentation
        heard, is_known = self._heard(epoch, random)
        normaliser = self._normaliser
        if is_known:
            normaliser = self._profile_normaliser(clip.speaker, heard, random)
        crop = normaliser.crop(self._store.rows(clip, heard), self._n_frames, random)
        if augmentation.time_masks:
            crop = crop.copy()
        for _ in range(augmentation.time_masks):
            length = int(random.integers(0, augmentation.time_mask_frames + 1))
            start = int(random.integers(0, max(1, len(crop) - length + 1)))
            crop[start : start + length] = 0.0
        return crop[..., None]

    def _heard(self, epoch: int, random: np.random.Generator) -> tuple[Heard, bool]:
        """Draw how a clip is heard, and whether its speaker is known by then."""
        augmentation, draws = self._augmentation, self._store.draws
        if draws is not None:
            is_known = bool(augmentation.profile_clips) and random.random() < _PROFILE_SHARE
            # A profile is of clips that were heard in the same scene.
            numbers = draws.numbers(epoch, shared=is_known)
            return numbers[int(random.integers(len(numbers)))], is_known
        variant = CLEAN
        if augmentation.variants:
            variant = str(random.choice((CLEAN, *augmentation.variants)))
        return variant, bool(augmentation.profile_clips) and random.random() < _PROFILE_SHARE

    def _profile_normaliser(
        self, speaker: str, heard: Heard, random: np.random.Generator
    ) -> Normaliser:
        """Draw a profile as a device may have of the speaker after some speech."""
        profile = RunningProfile(self._spec, prior_mean_s=PRIOR_S, prior_scale_s=PRIOR_S)
        theirs = self._by_speaker[speaker]
        if random.random() < self._augmentation.neutral_profiles:
            theirs = [clip for clip in theirs if clip.label == NEUTRAL] or theirs
        most = min(self._augmentation.profile_clips, len(theirs))
        count = int(random.integers(1, most + 1))
        for i in random.permutation(len(theirs))[:count]:
            profile.add(self._store.rows(theirs[i], heard).astype(np.float64))
        return Normaliser(profile.profile().applied_to(self._spec))

    def _mixed(self, crops: Rows, targets: Rows, random: np.random.Generator) -> tuple[Rows, Rows]:
        if not self._augmentation.mixup:
            return crops, targets
        share = random.beta(self._augmentation.mixup, self._augmentation.mixup, len(crops))
        share = np.maximum(share, 1.0 - share)
        other = random.permutation(len(crops))
        weight = share[:, None, None, None]
        mixed = weight * crops + (1.0 - weight) * crops[other]
        mixed_targets = share[:, None] * targets + (1.0 - share[:, None]) * targets[other]
        return mixed.astype(np.float32), mixed_targets.astype(np.float32)


class Normaliser:
    """Applies a spec's running mean, mean, scale and bound to stored rows.

    Parameters
    ----------
    spec : FeatureSpec

    Attributes
    ----------
    silence : ndarray of float32, shape (1, n_coefficients), or None
        A normalised row of digital silence, if short clips are filled with it.
    """

    def __init__(self, spec: FeatureSpec) -> None:
        self._spec = spec
        self._mean = np.array(spec.mean or 0.0, dtype=np.float32)
        self._scale = np.array(spec.scale or 1.0, dtype=np.float32)
        self._bound = spec.clip_value
        self.silence: Rows | None = None
        if spec.padding == "zeros":
            self.silence = (
                FrontEnd(spec).features(np.zeros(spec.frame_length)).astype(np.float32)[:1]
            )

    def __call__(self, rows: Rows) -> Rows:
        """Return the rows of an utterance, from its first one on, as the model sees them."""
        if self._spec.utterance_mean_prior_s is not None:
            return Standardization(self._spec)(rows.astype(np.float64)).astype(np.float32)
        rows = (rows - self._mean) / self._scale
        return rows if self._bound is None else np.clip(rows, -self._bound, self._bound)

    def crop(self, rows: Rows, n_frames: int, random: np.random.Generator | None = None) -> Rows:
        """Return a crop of stored rows as a device would give it that heard the crop alone.

        So a running mean begins with the crop. Parameters and result are those of
        `fit_length`; silence around a short clip is no part of the utterance.
        """
        if self.silence is not None and len(rows) < n_frames:
            return fit_length(self(rows), n_frames, self.silence, random)
        return self(fit_length(rows, n_frames, None, random))


def fit_length(
    rows: Rows, n_frames: int, silence: Rows | None, random: np.random.Generator | None = None
) -> Rows:
    """Crop or fill rows to `n_frames`.

    Parameters
    ----------
    rows : ndarray, shape (any, n_coefficients)
    n_frames : int
    silence : ndarray, shape (1, n_coefficients), or None
        The row to pad a short clip with on both sides; None repeats the clip's own rows.
    random : numpy.random.Generator, optional
        Chooses the crop's place; without it the crop is the middle.

    Returns
    -------
    ndarray, shape (n_frames, n_coefficients)
    """
    spare = len(rows) - n_frames
    if spare >= 0:
        start = spare // 2 if random is None else int(random.integers(0, spare + 1))
        return rows[start : start + n_frames]
    if silence is None:
        shift = 0 if random is None else int(random.integers(0, len(rows)))
        return rows[(np.arange(n_frames) + shift) % len(rows)]
    before = -spare // 2
    return np.concatenate(
        [silence.repeat(before, axis=0), rows, silence.repeat(-spare - before, axis=0)]
    )


def centre_crops(clips: Iterable[Rows], spec: FeatureSpec, n_frames: int) -> list[Rows]:
    """Return the middle of each clip as the model sees it.

    Parameters
    ----------
    clips : iterable of ndarray, each of shape (any, n_coefficients)
        Not standardised.
    spec : FeatureSpec
        With the mean, scale and bound to apply.
    n_frames : int
        At least 1.

    Returns
    -------
    list of ndarray of float32, shape (n_frames, n_coefficients)
    """
    normaliser = Normaliser(spec)
    return [normaliser.crop(rows, n_frames) for rows in clips]
