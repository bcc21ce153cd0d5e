"""What human listeners recognised: EMO-DB's ``erkennung.txt``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import DatasetError

from ..results.result import Result, predicted

FILE = "erkennung.txt"
# Twenty listeners: rates come in steps of 5 %. All but a few of the published clips have 80 %.
RATE_BINS = ((0.0, 0.85), (0.9, 0.9), (0.95, 0.95), (1.0, 1.0))


@dataclass(frozen=True)
class Comparison:
    """A model beside the listeners, on the same clips.

    Attributes
    ----------
    labels : tuple of str
        Those that occur.
    listeners, model : ndarray of float64, shape (n_labels,)
        Mean recognition rate of each label; recall.
    by_rate : list of (low, high, clips, accuracy)
        The model's accuracy on clips by how many listeners recognised them.
    """

    labels: tuple[str, ...]
    listeners: NDArray[np.float64]
    model: NDArray[np.float64]
    by_rate: list[tuple[float, float, int, float]]

    @property
    def listeners_ua(self) -> float:
        """Mean of the listeners' rates over labels."""
        return float(self.listeners.mean())


def read_listeners(folder: Path) -> dict[str, float] | None:
    """Read how often listeners recognised each recording.

    Parameters
    ----------
    folder : Path
        EMO-DB's.

    Returns
    -------
    dict of str to float, or None
        Share of the listeners in 0..1 by file name; None if there is no such file. It says
        how many were wrong, not what they took a recording for.

    Raises
    ------
    DatasetError
        If a line of the file makes no sense.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    rates = {}
    # A header, then columns by tabs: number, file, recognised and natural in per cent.
    lines = path.read_text(encoding="latin-1").splitlines()[1:]
    for number, line in enumerate(lines, start=2):
        columns = [column.strip() for column in line.split("\t")]
        if columns == [""]:
            continue
        try:
            rates[columns[1]] = float(columns[2].replace(",", ".")) / 100.0
        except (IndexError, ValueError):
            raise DatasetError(
                f"{path}:{number}: found {line[:40]!r}, expected number, file and per cent"
            ) from None
    return rates


def compare(results: list[Result], rates: Mapping[str, float]) -> Comparison | None:
    """Set a model's results of several seeds beside the listeners' rates.

    Returns
    -------
    Comparison or None
        None if not every clip has a rate.
    """
    rows = [
        (clip.truth, rates.get(clip.file), label == clip.truth)
        for result in results
        for clip, label in zip(result.clips, predicted(result), strict=True)
    ]
    if any(rate is None for _, rate, _ in rows):
        return None
    truth = np.array([row[0] for row in rows])
    rate = np.array([row[1] for row in rows], dtype=np.float64)
    right = np.array([row[2] for row in rows])
    labels = tuple(label for label in results[0].labels if (truth == label).any())
    by_rate = []
    repeats = len(rows) // results[0].n_clips
    for low, high in RATE_BINS:
        chosen = (rate > low - 0.01) & (rate < high + 0.01)
        if chosen.any():
            count = int(chosen.sum()) // repeats
            by_rate.append((low, high, count, float(right[chosen].mean())))
    return Comparison(
        labels,
        np.array([rate[truth == label].mean() for label in labels]),
        np.array([right[truth == label].mean() for label in labels]),
        by_rate,
    )
