"""The offline trainer of lightsernet-edge (extra: train): labelled speech in, scored models out.

>>> from lightsernet_trainer import hold_out_speakers, load, recipe_configuration, train
>>> corpus = load("emodb", Path("data/emodb"))  # doctest: +SKIP
>>> split = hold_out_speakers(corpus, ["03", "10"])  # doctest: +SKIP
>>> result = train(corpus, split, recipe_configuration(), Path("run"))  # doctest: +SKIP
>>> result.scores["int8"].ua  # doctest: +SKIP

From data to a model:

- `load`: lists the clips of a data set as a `Corpus` of `Clip`.
- `hold_out_speakers`, `hold_out_share`, `train_on_all`: a `Split` into what trains and
  what is scored.
- `recipe_configuration`: the settings of a recipe, a `TrainingConfiguration`.
- `train`: a network, converted and scored; gives a `TrainingResult`.

What a recipe is worth, by models that each did not see what they are scored on:

- `make_folds`: the `Fold` of a protocol.
- `CrossValidation`: what is cross-validated, and how.
- `cross_validate`: runs the folds; gives a result per seed, precision and condition.

`evaluate` scores a finished model on clips. Each name is imported when it is first used:
importing the package imports neither TensorFlow nor NumPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .configuration import TrainingConfiguration, recipe_configuration
    from .crossval.folds import Fold, make_folds
    from .crossval.run import CrossValidation, cross_validate
    from .datasets import Clip, Corpus, load
    from .datasets.splits import Split, hold_out_share, hold_out_speakers, train_on_all
    from .training.evaluation import evaluate
    from .training.run import TrainingResult, train

__all__ = [
    "Clip",
    "Corpus",
    "CrossValidation",
    "Fold",
    "Split",
    "TrainingConfiguration",
    "TrainingResult",
    "cross_validate",
    "evaluate",
    "hold_out_share",
    "hold_out_speakers",
    "load",
    "make_folds",
    "recipe_configuration",
    "train",
    "train_on_all",
]

_MODULES = {
    ".configuration": ("TrainingConfiguration", "recipe_configuration"),
    ".crossval.folds": ("Fold", "make_folds"),
    ".crossval.run": ("CrossValidation", "cross_validate"),
    ".datasets": ("Clip", "Corpus", "load"),
    ".datasets.splits": ("Split", "hold_out_share", "hold_out_speakers", "train_on_all"),
    ".training.evaluation": ("evaluate",),
    ".training.run": ("TrainingResult", "train"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name], __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
