"""The state of a training run on disk, so that it can go on after a break."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lightsernet_edge.atomic_write import write_atomically
from lightsernet_edge.errors import InputError

from .configuration import TrainingConfiguration
from .datasets.clip import Clip, Corpus
from .splits import Split

if TYPE_CHECKING:
    import keras

STATE = "state.npz"


class Checkpoint:
    """Keeps weights, optimiser and history of a run in a folder.

    Parameters
    ----------
    folder : Path
        Made when something is saved.
    facts : dict
        What defines the run, as JSON values: a folder that holds another run
        is refused.

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
                "choose another --out, or give --restart"
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
        for index, variable in enumerate(_variables(model)):
            variable.assign(kept[f"v{index}"])
        history: list[dict[str, float]] = json.loads(str(kept["history"]))
        return history

    def save(self, model: keras.Model, history: list[dict[str, float]]) -> None:
        """Save model and history under a temporary name, then rename."""
        from keras.ops import convert_to_numpy

        arrays: dict[str, Any] = {
            "facts": np.array(self._facts),
            "history": np.array(json.dumps(history)),
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
        except (ValueError, EOFError, OSError, zipfile.BadZipFile):
            kept = {}
        if not {"facts", "history"} <= set(kept):
            raise InputError(f"{self._state}: damaged, expected a saved run; give --restart")
        return kept


def _variables(model: keras.Model) -> list[Any]:
    """Return weights, moving averages, dropout's random state and the optimiser."""
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]


def run_facts(corpus: Corpus, split: Split, configuration: TrainingConfiguration) -> dict[str, Any]:
    """Return what a run depends on, as JSON values: settings, front end and clips.

    Clips go by the last two parts of their paths, so that a run can go on
    where the data lies elsewhere.
    """
    return {
        "configuration": configuration.to_json(),
        "features": configuration.feature_spec().to_json(),
        "labels": list(corpus.labels),
        "train": [_clip_facts(clip) for clip in split.train],
        "test": [_clip_facts(clip) for clip in split.test],
    }


def _clip_facts(clip: Clip) -> list[Any]:
    return ["/".join(clip.path.parts[-2:]), clip.label, clip.start_s, clip.end_s]
