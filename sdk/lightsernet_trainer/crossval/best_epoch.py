"""Protocol ``published``: of all epochs, the one that does best on the test fold.

It flatters, and exists to be compared with papers that do the same.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.atomic_write import write_atomically

if TYPE_CHECKING:
    import keras

# Keeps logarithms finite.
_SMALLEST = 1e-7


class BestEpoch:
    """Scores a network on the test fold after every epoch and keeps the best weights.

    Best is the highest accuracy; of equal ones the lowest cross-entropy, then
    the first.

    Parameters
    ----------
    file : Path
        The file that keeps the weights.
    facts : str
        What defines the run; weights of another run are ignored.
    exact : keras.Model
        A network that computes in float32, whose weights are overwritten.
    rows : ndarray of float32, shape (n_clips, n_frames, n_coefficients, 1)
        The clips of the test fold, as the network takes them.
    truth : ndarray of int, shape (n_clips,)
    """

    def __init__(
        self,
        file: Path,
        facts: str,
        exact: keras.Model,
        rows: NDArray[np.float32],
        truth: NDArray[np.int64],
    ) -> None:
        self._file = file
        self._facts = facts
        self._exact = exact
        self._rows = rows
        self._truth = truth

    def __call__(self, network: keras.Model, entry: dict[str, float]) -> None:
        """Add ``test_wa`` and ``test_loss`` to an epoch's entry; keep the weights if best."""
        weights = network.get_weights()
        self._exact.set_weights(weights)
        posteriors = np.asarray(self._exact.predict(self._rows, verbose=0))
        right = posteriors.argmax(axis=1) == self._truth
        of_truth = posteriors[np.arange(len(self._truth)), self._truth]
        entry["test_wa"] = float(right.mean())
        entry["test_loss"] = float(-np.log(np.maximum(of_truth, _SMALLEST)).mean())
        kept = self._read()
        if kept is None or _rank(entry) > _rank(kept[0]):
            content = io.BytesIO()
            arrays: dict[str, Any] = {f"w{i}": array for i, array in enumerate(weights)}
            arrays["entry"] = np.array(json.dumps(entry))
            arrays["facts"] = np.array(self._facts)
            np.savez(content, **arrays)
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._file, content.getvalue())

    def keep_for(self, history: Sequence[dict[str, float]]) -> bool:
        """Tell whether this run was watched from its first epoch on, and its weights are kept.

        Parameters
        ----------
        history : sequence of dict
            The run's epochs so far.
        """
        watched = bool(history) and all("test_wa" in entry for entry in history)
        return watched and self._read() is not None

    def discard(self) -> None:
        """Delete the kept weights."""
        self._file.unlink(missing_ok=True)

    def read(self) -> tuple[int, list[NDArray[np.float32]]]:
        """Return the best epoch, from 1, and its weights.

        Raises
        ------
        InputError
            If none are kept, or the file is damaged.
        """
        kept = self._read()
        if kept is None:
            raise InputError(f"{self._file}: holds no weights of this run")
        entry, weights = kept
        return int(entry["epoch"]), weights

    def _read(self) -> tuple[dict[str, Any], list[NDArray[np.float32]]] | None:
        if not self._file.exists():
            return None
        try:
            with np.load(self._file, allow_pickle=False) as archive:
                kept = dict(archive)
            entry = json.loads(str(kept.pop("entry")))
            _rank(entry), int(entry["epoch"])
            facts = str(kept.pop("facts"))
            weights = [kept[f"w{i}"] for i in range(len(kept))]
        except (ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile):
            raise InputError(
                f"{self._file}: damaged, expected weights of a run; remove it to begin anew"
            ) from None
        return (entry, weights) if facts == self._facts else None


def _rank(entry: dict[str, Any]) -> tuple[float, float]:
    return entry["test_wa"], -entry["test_loss"]
