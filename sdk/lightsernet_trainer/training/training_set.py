"""`TrainingSet`: the clips that a network is fitted to, with the features it sees of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lightsernet_edge.features import FeatureSpec
from lightsernet_edge.model.file import ModelFile

from ..configuration import TrainingConfiguration
from ..datasets.clip import Clip
from .batches import Augmentation, CropBatches, Rows, centre_crops
from .feature_store import FeatureStore, statistics
from .teacher import Teacher

# Bound of standardised features, in deviations: rare outliers would cost all
# others int8 resolution.
_BOUND = 5.0
# Enough clips for stable ranges; the converter runs each of them twice.
_REPRESENTATIVE_CLIPS = 200


@dataclass(frozen=True)
class TrainingSet:
    """What a network is fitted to.

    Attributes
    ----------
    store : FeatureStore
        Of the configuration's front end.
    spec : FeatureSpec
        The front end with mean, scale and bound, if the configuration standardises.
    clips : tuple of Clip
        All that is trained on, at least one.
    labels : tuple of str
        In the model's order; each clip's label is one of them.
    ordinary : tuple of Clip
        Speech without an emotion to speak of; empty if the model has no output for that.
    teacher : ModelFile or None
        Whose answers are learned as well, as far as a configuration says; one that
        `teacher.expect_allowed` lets pass.
    """

    store: FeatureStore
    spec: FeatureSpec
    clips: tuple[Clip, ...]
    labels: tuple[str, ...]
    ordinary: tuple[Clip, ...] = ()
    teacher: ModelFile | None = None

    @classmethod
    def of(
        cls,
        store: FeatureStore,
        clips: Sequence[Clip],
        labels: Sequence[str],
        configuration: TrainingConfiguration,
        ordinary: Sequence[Clip] = (),
        teacher: ModelFile | None = None,
    ) -> TrainingSet:
        """Return clips as a configuration trains on them.

        Mean and scale are those of all rows of `clips`, as training hears them.

        Raises
        ------
        InputError
            If the configuration's front end cannot be had.
        AudioError
            If a clip cannot be read or is too short.
        """
        spec = configuration.feature_spec()
        if configuration.standardise:
            mean, scale = statistics(store.training_rows(clips))
            bound = spec.clip_value or _BOUND
            spec = dataclasses.replace(spec, mean=mean, scale=scale, clip_value=bound)
        return cls(store, spec, tuple(clips), tuple(labels), tuple(ordinary), teacher)

    def crops(self, configuration: TrainingConfiguration, n_frames: int) -> CropBatches:
        """Return the batches of random crops that a configuration trains on.

        Parameters
        ----------
        configuration : TrainingConfiguration
        n_frames : int
            Length of a crop, at least 1.

        Raises
        ------
        InputError
            If the teacher sees crops otherwise.
        """
        answer = None
        if self.teacher is not None:
            answer = Teacher(self.teacher, self.spec, configuration.distillation).targets
        return CropBatches(
            self.store,
            self.clips,
            self.labels,
            self.spec,
            n_frames,
            configuration.batch_size,
            configuration.seed,
            Augmentation.of(configuration),
            answer,
        )

    def representative_rows(self, n_frames: int) -> list[Rows]:
        """Return the representative data that int8 conversion takes its ranges from.

        Parameters
        ----------
        n_frames : int
            Length of the network's input, at least 1.

        Returns
        -------
        list of ndarray of float32, shape (n_frames, n_coefficients)
            The middles of up to 200 clips, spread evenly over all, as training hears them.
        """
        places = np.linspace(0, len(self.clips) - 1, _REPRESENTATIVE_CLIPS)
        chosen = np.unique(places.round().astype(int))
        rows = self.store.training_rows([self.clips[i] for i in chosen])
        return centre_crops(rows, self.spec, n_frames)
