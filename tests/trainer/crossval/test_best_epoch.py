"""Weights of the best epoch are taken only of a run that was watched all along."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from lightsernet_edge import InputError
from lightsernet_trainer.crossval.best_epoch import BestEpoch


class Unweighted:
    """In place of a network: answers always the same."""

    def get_weights(self) -> list[np.ndarray[Any, Any]]:
        return [np.ones(3)]

    def set_weights(self, weights: object) -> None:
        pass

    def predict(self, rows: np.ndarray[Any, Any], verbose: int) -> np.ndarray[Any, Any]:
        return np.tile([0.75, 0.25], (len(rows), 1))


def best(folder: Path, facts: str = "this run") -> BestEpoch:
    network = cast(Any, Unweighted())
    return BestEpoch(
        folder / "best.npz", facts, network, np.zeros((2, 1, 1, 1), np.float32), np.array([0, 1])
    )


def test_a_run_that_was_not_watched_all_along_is_none(tmp_path: Path) -> None:
    """As after `published` was interrupted and `random` went on with its epochs."""
    watched: dict[str, float] = {"epoch": 1}
    best(tmp_path)(cast(Any, Unweighted()), watched)
    assert best(tmp_path).read()[0] == 1
    assert best(tmp_path).keep_for([watched])
    assert not best(tmp_path).keep_for([watched, {"epoch": 2}])
    # Without a state nobody knows what run they are of.
    assert not best(tmp_path).keep_for([])
    assert not best(tmp_path, "another").keep_for([watched])
    with pytest.raises(InputError, match=r"best\.npz: holds no weights of this run"):
        best(tmp_path, "another").read()


@pytest.mark.parametrize("entry", [None, "{", "{}"])
def test_a_damaged_file_is_named(entry: str | None, tmp_path: Path) -> None:
    if entry is None:
        (tmp_path / "best.npz").write_bytes(b"PK\x03\x04")
    else:
        np.savez(tmp_path / "best.npz", entry=np.array(entry))
    with pytest.raises(InputError, match=r"best\.npz: damaged"):
        best(tmp_path).read()
