"""`Classifier`: a model opened with an engine, and the one way from its raw output to an answer.

Recordings, streams and the trainer's scores share these steps: run the network,
dequantise its output, subtract the bias, apply the temperature, choose the label.
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
from .model.file import ModelFile, read_model
from .model.record import DecisionDefaults, ModelRecord
from .model.shipped import DEFAULT
from .profiles.profile import Profile


@dataclass(frozen=True)
class Classifier:
    """A model and the engine that runs it, for one user or for any.

    Attributes
    ----------
    file : ModelFile
    engine : Engine
    decision : DecisionDefaults
        Those of the record, or those that the caller gave instead.
    profile : Profile or None
        Of the user; None for any user.
    """

    file: ModelFile
    engine: Engine
    decision: DecisionDefaults
    profile: Profile | None = None

    @cached_property
    def record(self) -> ModelRecord:
        """The model's record, with `decision` in it."""
        return replace(self.file.record, decision=self.decision)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the model's order."""
        return self.file.record.labels

    @cached_property
    def spec(self) -> FeatureSpec:
        """The definition of the front end, with the profile's mean and scale if there is one."""
        spec = self.file.record.features
        return spec if self.profile is None else self.profile.applied_to(spec)

    @cached_property
    def front_end(self) -> FrontEnd:
        """The front end that `spec` defines."""
        return FrontEnd(self.spec)

    @cached_property
    def rule(self) -> DecisionRule:
        """The decision rule, with the profile's bias if that was measured on this model."""
        rule = self.decision.rule(self.labels)
        if self.profile is None:
            return rule
        record = self.file.record
        return replace(rule, bias=self.profile.bias_of(record.sha256, len(record.outputs)))

    def with_profile(self, profile: Profile | str | Path | None) -> Classifier:
        """Return a classifier for a user, with the same model and engine.

        Parameters
        ----------
        profile : Profile, str, Path or None
            The profile or its file; None for any user.

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
            Standardised, as `front_end` computes them.

        Returns
        -------
        ndarray of float32 or int8, shape (n_outputs,)
            The output tensor, not dequantised.
        """
        return self.engine.invoke(rows)

    def posteriors(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Run the network and return its posteriors, before bias and temperature.

        Parameters
        ----------
        rows : ndarray of float64, shape (n_frames, n_coefficients)
            Standardised.

        Returns
        -------
        ndarray of float64, shape (n_outputs,)
            In 0..1, summing to 1 within the rounding of an int8 softmax.
        """
        return self.file.graph.posteriors(self.run(rows))

    def calibrated(self, *outputs: RawOutput) -> NDArray[np.float64]:
        """Compute the posteriors of a stretch of audio, after bias and temperature.

        Parameters
        ----------
        *outputs : ndarray of float32 or int8, shape (n_outputs,)
            What `run` returned, one array per part of the stretch; the parts have equal
            length, and their posteriors are averaged.

        Returns
        -------
        ndarray of float64, shape (n_outputs,)
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
        """Decide on a stretch of audio.

        Parameters
        ----------
        *outputs : ndarray of float32 or int8, shape (n_outputs,)
            As for `calibrated`.
        start_s, end_s : float
            Start and end of the stretch, in seconds.
        decide : callable, optional
            Makes an `Emotion` of calibrated posteriors, start and end; by default
            ``rule.decide``. For continuous mode, `ContinuousDecision.decide`.
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
        A `.tflite` with its record, the name of a model that ships, or what `read_model`
        returned; by default ``edge``.
    engine : str, optional
        Name of the engine; by default the one that `lightsernet_edge.engines` chooses.
    threads : int
        Number of threads, 1 to 1024.
    xnnpack : bool
        Whether to run on XNNPACK.
    profile : Profile, str or Path, optional
        Of the user; by default the model serves any user.
    decision : DecisionDefaults, optional
        Used instead of those in the record.

    Raises
    ------
    InputError
        If no engine has that name, `threads` is out of range, or the profile is damaged or
        does not fit the model.
    ModelError
        If the model is missing, damaged or without a record, or the engine cannot run it.
    MissingDependencyError
        If a package that the engine needs is not installed, or no interpreter is.
    """
    if not isinstance(model, ModelFile):
        model = read_model(DEFAULT if model is None else model)
    if isinstance(profile, (str, Path)):
        profile = Profile.load(profile)
    try:
        network = open_engine(model.model, model.graph, engine, threads, xnnpack)
    except ModelError as error:
        raise ModelError(f"{model.path}: {error}") from None
    classifier = Classifier(model, network, decision or model.record.decision)
    return classifier.with_profile(profile)
