"""The state of a training run on disk, so that it can go on after a break."""

from __future__ import annotations

import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np

from lightsernet_edge.errors import InputError

_STATE = "state.npz"


class Checkpoint:
    """Keeps weights, optimiser and history of a run in a folder.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    facts : dict
        What defines the run, as JSON values: a folder that holds another run
        is refused.

    Raises
    ------
    InputError
        If the folder holds another run.
    """

    def __init__(self, folder: Path, facts: dict[str, Any]) -> None:
        self._state = folder / _STATE
        self._facts = json.dumps(facts, sort_keys=True)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: cannot be written ({error.strerror})") from None
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
        arrays = {
            f"v{index}": keras.ops.convert_to_numpy(variable)
            for index, variable in enumerate(_variables(model))
        }
        with tempfile.NamedTemporaryFile(dir=self._state.parent, delete=False) as file:
            np.savez(
                file, facts=np.array(self._facts), history=np.array(json.dumps(history)), **arrays
            )
        Path(file.name).replace(self._state)

    def _read(self) -> dict[str, Any] | None:
        if not self._state.exists():
            return None
        try:
            with np.load(self._state, allow_pickle=False) as archive:
                return dict(archive)
        except (ValueError, OSError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{self._state}: damaged ({error}), expected a saved run; give --restart"
            ) from None


def _variables(model: keras.Model) -> list[Any]:
    """Return weights, moving averages, dropout's random state and the optimiser."""
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]
