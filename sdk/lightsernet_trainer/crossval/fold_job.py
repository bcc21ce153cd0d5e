"""What a fold is to do, and what it gives: all that goes to a worker and comes back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lightsernet_edge.model.file import ModelFile

from ..conditions.noise import Noises
from ..configuration import TrainingConfiguration
from ..datasets.clip import Clip, Corpus
from ..results.result import ClipResult, FoldResult
from .folds import Fold


@dataclass(frozen=True)
class FoldJob:
    """What a process needs to run a fold; can be pickled.

    Attributes
    ----------
    corpus : Corpus
    fold : Fold
    protocol : str
        A key of `protocols.PROTOCOLS`.
    configuration : TrainingConfiguration
    precisions : tuple of str
        Some of ``float32``, ``float16``, ``int8``, ``native``; each once, at least one.
    conditions : tuple of str
        What to score under, as `conditions.parse_condition` takes it; ``clean`` is the
        clips as they are. Each once, at least one.
    training_noises, test_noises : dict of str to ndarray, or None
        The noises of the training variants, and those of the conditions.
    folder : Path
        The fold's own; what it holds already is not done again.
    cache : Path
        Where features are kept, for all folds.
    ordinary : tuple of Clip
        Speech without an emotion to speak of, for the output that is for it.
    teacher : ModelFile or None
        Whose answers are learned as well; of the same fold, so that it heard no clip of the
        test.
    """

    corpus: Corpus
    fold: Fold
    protocol: str
    configuration: TrainingConfiguration
    precisions: tuple[str, ...]
    conditions: tuple[str, ...]
    training_noises: Noises | None
    test_noises: Noises | None
    folder: Path
    cache: Path
    ordinary: tuple[Clip, ...] = ()
    teacher: ModelFile | None = None

    @property
    def wanted(self) -> list[tuple[str, str]]:
        """Every precision and condition to score, as pairs."""
        return [
            (precision, condition) for condition in self.conditions for precision in self.precisions
        ]


@dataclass(frozen=True)
class FoldOutcome:
    """What a fold gave.

    Attributes
    ----------
    fold : FoldResult
    versions : dict of str to str
        Of what trained and converted, from the models' record.
    clips : dict of (str, str) to tuple of ClipResult
        By precision and condition.
    """

    fold: FoldResult
    versions: dict[str, str]
    clips: dict[tuple[str, str], tuple[ClipResult, ...]]
