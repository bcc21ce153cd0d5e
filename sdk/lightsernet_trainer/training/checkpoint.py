"""The state of a training run on disk, so that it can go on after a break."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.atomic_write import write_atomically
from lightsernet_edge.model.file import ModelFile

from ..conditions.condition import noises_used
from ..conditions.noise import Noises, noise_digests
from ..configuration import TrainingConfiguration
from ..datasets.clip import Clip, Corpus
from ..datasets.splits import Split
from ..draws.store import drawn_noises

if TYPE_CHECKING:
    import keras

STATE = "state.npz"


class Checkpoint:
    """Keeps weights, optimiser and history of a run in a folder.

    Parameters
    ----------
    folder : Path
        Made by the first `save`.
    facts : dict
        What defines the run, as JSON values; see `run_facts`.

    Raises
    ------
    InputError
        If the folder holds another run.
    """

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        self._state = folder / STATE
        self._facts = json.dumps(facts, sort_keys=True)
        kept = self._read()
        if kept is not None and str(kept["facts"]) != self._facts:
            raise InputError(
                f"{folder}: holds a run with other data or settings, expected the same; "
                "choose another folder, or restart, which throws away what it holds"
            )

    def restore(self, model: keras.Model) -> list[dict[str, float]]:
        """Bring a compiled model to the state last saved.

        Returns
        -------
        list of dict
            The history: one entry for each epoch that is done.
        """
        kept = self._read()
        if kept is None:
            return []
        backend = _backend()
        if str(kept.get("backend", backend)) != backend:
            raise InputError(
                f"{self._state}: holds a run on {kept['backend']}, found KERAS_BACKEND={backend}, "
                "expected the same"
            )
        variables = _variables(model)
        values = [kept.get(f"v{index}") for index in range(len(variables))]
        for variable, value in zip(variables, values, strict=True):
            if value is None or value.shape != tuple(variable.shape) or value.dtype.kind in "OSU":
                raise self._damaged()
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return self._history(kept)

    def history(self) -> list[dict[str, float]]:
        """Return the history last saved; empty if nothing was."""
        kept = self._read()
        return [] if kept is None else self._history(kept)

    def discard(self) -> None:
        """Throw away what was saved."""
        discard(self._state.parent)

    def save(self, model: keras.Model, history: list[dict[str, float]]) -> None:
        """Save model and history under a temporary name, then rename."""
        from keras.ops import convert_to_numpy

        arrays: dict[str, Any] = {
            "facts": np.array(self._facts),
            "history": np.array(json.dumps(history)),
            "backend": np.array(_backend()),
        }
        for index, variable in enumerate(_variables(model)):
            arrays[f"v{index}"] = np.asarray(convert_to_numpy(variable))
        content = io.BytesIO()
        np.savez(content, **arrays)
        try:
            self._state.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self._state.parent}: cannot be made ({error.strerror})") from None
        write_atomically(self._state, content.getvalue())

    def _read(self) -> dict[str, Any] | None:
        if not self._state.exists():
            return None
        try:
            with np.load(self._state, allow_pickle=False) as archive:
                kept = dict(archive)
        # Damage makes zipfile, zlib and NumPy raise almost anything, for want of memory too.
        except Exception:
            kept = {}
        if not {"facts", "history"} <= set(kept):
            raise self._damaged()
        return kept

    def _history(self, kept: dict[str, Any]) -> list[dict[str, float]]:
        try:
            history = json.loads(str(kept["history"]))
        except (ValueError, RecursionError):
            raise self._damaged() from None
        if not isinstance(history, list) or not all(
            isinstance(entry, dict)
            and all(isinstance(value, (int, float)) for value in entry.values())
            for entry in history
        ):
            raise self._damaged()
        return history

    def _damaged(self) -> InputError:
        return InputError(f"{self._state}: damaged, expected a saved run; remove it to begin anew")


def discard(folder: Path) -> None:
    """Throw away the run that a folder keeps, if any."""
    (folder / STATE).unlink(missing_ok=True)


def _backend() -> str:
    import keras

    return str(keras.backend.backend())


def _variables(model: keras.Model) -> list[Any]:
    """Return weights, moving averages, dropout's random state and the optimiser."""
    # An optimiser that scales the loss would otherwise make its variables anew.
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]


def run_facts(
    corpus: Corpus,
    split: Split,
    configuration: TrainingConfiguration,
    noises: Noises | None = None,
    teacher: ModelFile | None = None,
) -> dict[str, Any]:
    """Return what a run depends on, as JSON values: settings, front end, clips and noises.

    Parameters
    ----------
    corpus : Corpus
    split : Split
        Of that corpus.
    configuration : TrainingConfiguration
    noises : dict of str to ndarray, optional
        From `conditions.read_noises`; only those that a variant names count.
    teacher : ModelFile, optional
        Whose answers are learned as well.

    Notes
    -----
    A clip is identified by speaker, label, size, and the last two parts of its path: a
    run may be continued where the data lies in another folder.
    """
    if configuration.draws:
        used = noise_digests(drawn_noises(configuration.draw_recipe, noises))
    else:
        used = noises_used(configuration.variants, noises)
    # What is done when all is trained makes no other run.
    trained = dataclasses.replace(configuration, outlier_output=False, logit_adjustment=0.0)
    return {
        "configuration": trained.to_json(),
        "features": configuration.feature_spec().to_json(),
        "labels": list(corpus.labels),
        "train": [_clip_facts(clip) for clip in split.train],
        "test": [_clip_facts(clip) for clip in split.test],
        **({"noises": used} if used else {}),
        **({"teacher": teacher.record.sha256} if teacher is not None else {}),
    }


def sealing_facts(ordinary: Sequence[Clip], configuration: TrainingConfiguration) -> dict[str, Any]:
    """Return what a model depends on besides its run, as JSON values.

    Parameters
    ----------
    ordinary : sequence of Clip
        Of the output for what is no emotion.
    configuration : TrainingConfiguration
    """
    adjustment = configuration.logit_adjustment
    return {
        **({"ordinary": [_clip_facts(clip) for clip in ordinary]} if ordinary else {}),
        **({"logit_adjustment": adjustment} if adjustment else {}),
    }


def _clip_facts(clip: Clip) -> list[Any]:
    # Reading refuses a clip that is not there.
    size = clip.path.stat().st_size if clip.path.is_file() else None
    name = "/".join(clip.path.parts[-2:])
    return [name, size, clip.speaker, clip.label, clip.start_s, clip.end_s]
