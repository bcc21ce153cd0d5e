"""What a fold's folder keeps: its models, how they were trained, and the clips they scored."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.atomic_write import write_atomically
from lightsernet_edge.judged_parts import SPEECH

from ..conditions.condition import noises_used
from ..results.protocols import CHOOSES_EPOCH
from ..results.result import ClipResult
from ..training.checkpoint import run_facts, sealing_facts
from .fold_job import FoldJob

_SUMMARY = "fold.json"
# Folder of the models of the last epoch.
LAST = "last"

Clips = tuple[ClipResult, ...]


@dataclass(frozen=True)
class TrainedFold:
    """How a fold's models were made.

    Attributes
    ----------
    training : str
        SHA-256 of the weights.
    versions : dict of str to str
        Of what trained and converted.
    chosen_epoch : int
        The one whose weights the models have, from 1.
    history : list of dict
        One entry for each epoch; see `FoldResult`.
    """

    training: str
    versions: dict[str, str]
    chosen_epoch: int
    history: list[dict[str, float]]


class FoldCache:
    """Keeps on disk what of a fold is done; takes nothing that another run left.

    Parameters
    ----------
    job : FoldJob
        The fold, and its folder.

    Attributes
    ----------
    run : Path
        Folder of the training's state.
    models : Path
        Folder of the models: of the last epoch, or of the best.
    facts : str
        SHA-256 of what the training depends on: settings, front end, clips and noises.
    run_facts : dict
        The same as JSON values, for the checkpoint of the training.
    """

    def __init__(self, job: FoldJob) -> None:
        self._job = job
        self.run = job.folder / "run"
        self.models = job.folder / ("best" if job.protocol == CHOOSES_EPOCH else LAST)
        # Every clip's size is asked for: once is enough.
        self.run_facts = run_facts(
            job.corpus, job.fold.split, job.configuration, job.training_noises, job.teacher
        )
        self._model_facts = {
            **self.run_facts,
            **sealing_facts(job.ordinary, job.configuration),
        }
        self.facts = _digest(self._model_facts)

    def trained(self) -> TrainedFold | None:
        """Return how the fold was trained, or None if that is still to be done.

        Raises
        ------
        InputError
            If the folder holds another run, or its summary is damaged.
        """
        kept = self._summary()
        if kept is None:
            return None
        if kept["facts"] != self.facts:
            raise InputError(
                f"{self.models}: holds a fold with other data or settings, expected the same; "
                "choose another folder"
            )
        return TrainedFold(**{name: kept[name] for name in _TRAINED})

    def model_of(self, precision: str) -> tuple[Path, str | None]:
        """Return the file of a precision and the engine it is run by; ``native`` is int8 too."""
        if precision == "native":
            return self.models / "int8.tflite", "native"
        return self.models / f"{precision}.tflite", None

    def model_precisions(self) -> list[str]:
        """Return the precisions to convert to for those that the job scores."""
        return sorted({self.model_of(precision)[0].stem for precision in self._job.precisions})

    def discard_models_but_of(self, training: str) -> None:
        """Throw away models of other weights; make the models' folder.

        Parameters
        ----------
        training : str
            SHA-256 of the weights whose models may stay.
        """
        self.models.mkdir(parents=True, exist_ok=True)
        kept = self._summary()
        if kept is None or kept["training"] != training:
            for stale in self.models.glob("*.tflite"):
                stale.unlink()

    def keep_trained(self, trained: TrainedFold) -> None:
        """Write that the fold is trained; its models must be there."""
        summary = {"facts": self.facts, **dataclasses.asdict(trained)}
        self.models.mkdir(parents=True, exist_ok=True)
        write_atomically(self.models / _SUMMARY, json.dumps(summary).encode())

    def scored(self, trained: TrainedFold) -> dict[tuple[str, str], Clips]:
        """Return the clips that models of this training scored before.

        Parameters
        ----------
        trained : TrainedFold

        Returns
        -------
        dict of (str, str) to tuple of ClipResult
            By precision and condition, of those that the job wants.

        Raises
        ------
        InputError
            If a file is damaged.
        """
        found = {
            (precision, condition): self._read_clips(precision, condition, trained)
            for precision, condition in self._job.wanted
        }
        return {key: clips for key, clips in found.items() if clips is not None}

    def keep_scored(
        self, precision: str, condition: str, trained: TrainedFold, clips: Clips
    ) -> None:
        """Write the clips that a model scored."""
        facts = self._facts_of_clips(condition, trained)
        content = {"facts": facts, "clips": [dataclasses.asdict(clip) for clip in clips]}
        file = self._clips_file(precision, condition)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, json.dumps(content).encode())

    def _facts_of_clips(self, condition: str, trained: TrainedFold) -> str:
        used = noises_used([condition], self._job.test_noises)
        noises = {"condition": used} if used else {}
        # Of clips whose front end crops or pads them, everything is judged.
        cut = self._job.configuration.feature_spec().clip_seconds is not None
        judged = {} if cut else {"judged": SPEECH}
        return _digest({**self._model_facts, **noises, **judged, "training": trained.training})

    def _clips_file(self, precision: str, condition: str) -> Path:
        words = f"{self._job.protocol}-{precision}-{condition}".replace(":", "_")
        return self._job.folder / "clips" / f"{words}.json"

    def _summary(self) -> dict[str, Any] | None:
        file = self.models / _SUMMARY
        return _read_json(file, ("facts", *_TRAINED)) if file.exists() else None

    def _read_clips(self, precision: str, condition: str, trained: TrainedFold) -> Clips | None:
        file = self._clips_file(precision, condition)
        if not file.exists():
            return None
        kept = _read_json(file, ("facts", "clips"))
        if kept["facts"] != self._facts_of_clips(condition, trained):
            return None
        try:
            return tuple(
                ClipResult(**{**clip, "posteriors": tuple(clip["posteriors"])})
                for clip in kept["clips"]
            )
        except (TypeError, KeyError, ValueError):
            raise _damaged(file) from None


_TRAINED = tuple(field.name for field in dataclasses.fields(TrainedFold))


def _digest(facts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _read_json(file: Path, fields: Sequence[str]) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if all(name in content for name in fields):
            return content
    except (OSError, ValueError, TypeError, RecursionError):
        pass
    raise _damaged(file)


def _damaged(file: Path) -> InputError:
    return InputError(f"{file}: damaged, expected what a fold gave; remove it to do that again")
