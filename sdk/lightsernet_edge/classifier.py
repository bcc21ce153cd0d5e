"""`Classifier`: a model opened with an engine, and the one way from its raw output to an answer.

Recordings, streams and the trainer's scores all go this way: the tensor that the
network gives, its dequantised posteriors, the bias and temperature of the decision,
the label.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .decision import DecisionRule, Emotion
from .engines import Engine, RawOutput, open_engine
from .errors import ModelError
from .features import FeatureSpec, FrontEnd
from .model.file import ModelFile, default_model_path, read_model
from .model.record import DecisionDefaults, ModelRecord
from .profiles.profile import Profile


@dataclass(frozen=True)
class Classifier:
    """A model with an engine that runs it, for one user or for anybody.

    Attributes
    ----------
    file : ModelFile
    engine : Engine
    decision : DecisionDefaults
        The record's, or those that the caller put in their place.
    profile : Profile or None
        Of the user.
    """

    file: ModelFile
    engine: Engine
    decision: DecisionDefaults
    profile: Profile | None = None

    @cached_property
    def record(self) -> ModelRecord:
        """The model's record, with the decision settings in use."""
        return replace(self.file.record, decision=self.decision)

    @property
    def labels(self) -> tuple[str, ...]:
        """In the model's order."""
        return self.file.record.labels

    @cached_property
    def spec(self) -> FeatureSpec:
        """The front end: the record's, with mean and scale of the profile if there is one."""
        spec = self.file.record.features
        return spec if self.profile is None else self.profile.applied_to(spec)

    @cached_property
    def front_end(self) -> FrontEnd:
        """The front end of `spec`."""
        return FrontEnd(self.spec)

    @cached_property
    def rule(self) -> DecisionRule:
        """The rule of decision, with the bias of the profile if it is of this model."""
        rule = self.decision.rule(self.labels)
        if self.profile is None:
            return rule
        return replace(rule, bias=self.profile.bias_of(self.file.record.sha256, len(self.labels)))

    def with_profile(self, profile: Profile | str | Path | None) -> Classifier:
        """Return the same model, on the same engine, for a user.

        Parameters
        ----------
        profile : Profile, str, Path or None
            Itself or its file; None for anybody.

        Raises
        ------
        InputError
            If the profile is damaged, or does not fit the model.
        """
        if isinstance(profile, (str, Path)):
            profile = Profile.load(profile)
        if profile is not None:
            profile.check_fits(self.file.record.features)
        return replace(self, profile=profile)

    def run(self, rows: NDArray[np.float64]) -> RawOutput:
        """Run the network once.

        Parameters
        ----------
        rows : ndarray of float64, shape (n_frames, n_coefficients)
            Standardised, as `front_end` gives them.

        Returns
        -------
        ndarray of float32 or int8, shape (n_labels,)
            The output tensor as it is.
        """
        return self.engine.invoke(rows)

    def posteriors(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the network says of rows, before bias and temperature.

        Parameters
        ----------
        rows : ndarray of float64, shape (n_frames, n_coefficients)
            Standardised.

        Returns
        -------
        ndarray of float64, shape (n_labels,)
            In 0..1, summing to 1 within the rounding of an int8 softmax.
        """
        return self.file.graph.posteriors(self.run(rows))

    def calibrated(self, *outputs: RawOutput) -> NDArray[np.float64]:
        """Return the posteriors of a stretch of audio, after bias and temperature.

        Parameters
        ----------
        *outputs : ndarray of float32 or int8, shape (n_labels,)
            The network's, one for each part of the stretch; parts of equal length. Their
            mean is taken.

        Returns
        -------
        ndarray of float64, shape (n_labels,)
            In 0..1.
        """
        mean = np.mean([self.file.graph.posteriors(output) for output in outputs], axis=0)
        return self.rule.calibrated(mean)

    def decide(
        self,
        *outputs: RawOutput,
        start_s: float,
        end_s: float,
        decide: Callable[[NDArray[np.float64], float, float], Emotion] | None = None,
    ) -> Emotion:
        """Name the emotion of a stretch of audio.

        Parameters
        ----------
        *outputs : ndarray of float32 or int8, shape (n_labels,)
            As for `calibrated`.
        start_s, end_s : float
            Where the stretch lies, in seconds.
        decide : callable, optional
            From calibrated posteriors, start and end to the emotion; by default that of
            `rule`. For continuous mode, `ContinuousDecision.decide`.
        """
        return (decide or self.rule.decide)(self.calibrated(*outputs), start_s, end_s)


def open_classifier(
    model: ModelFile | str | Path | None = None,
    engine: str | None = None,
    threads: int = 1,
    xnnpack: bool = False,
    profile: Profile | str | Path | None = None,
    decision: DecisionDefaults | None = None,
) -> Classifier:
    """Read a model and open it with an engine.

    Parameters
    ----------
    model : ModelFile, str or Path, optional
        A `.tflite` with its record, already read or to be read; by default the model that
        ships.
    engine : str, optional
        Name of the engine; by default the first interpreter that works.
    threads : int
        Threads of the interpreter, 1 to `MAX_THREADS`.
    xnnpack : bool
        Whether to run on XNNPACK.
    profile : Profile, str or Path, optional
        Of the user.
    decision : DecisionDefaults, optional
        In place of the record's.

    Raises
    ------
    InputError
        If `engine` or `threads` is wrong, or the profile is damaged or does not fit the model.
    ModelError
        If the model is missing, damaged, has no record, or the engine refuses it.
    MissingDependencyError
        If a package that the engine needs is not installed, or no interpreter is.
    """
    if not isinstance(model, ModelFile):
        model = read_model(default_model_path() if model is None else model)
    if isinstance(profile, (str, Path)):
        profile = Profile.load(profile)
    try:
        network = open_engine(model.model, model.graph, engine, threads, xnnpack)
    except ModelError as error:
        raise ModelError(f"{model.path}: {error}") from None
    classifier = Classifier(model, network, decision or model.record.decision)
    return classifier.with_profile(profile)
