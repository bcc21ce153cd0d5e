"""The models that ship, and how one is named: by a path, or by its bare name."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..errors import ModelError

DEFAULT = "edge"

_FOLDER = Path(__file__).parents[1] / "models"
# No separator and no suffix: what no path of a model looks like.
_NAME = re.compile(r"[\w-]+")


def shipped_models() -> tuple[str, ...]:
    """Return the names of the models that ship, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.tflite")))


def model_path(model: str | Path = DEFAULT) -> Path:
    """Return the path of a model.

    Parameters
    ----------
    model : str or Path
        The name of a model that ships, or a path. A shipped model's name means that model,
        whatever the working folder holds; a file of the same name is ``./NAME``, or a `Path`,
        which is never a name.

    Raises
    ------
    ModelError
        If a word without a separator and a suffix is neither; it lists the models that ship.
    """
    if isinstance(model, Path):
        return model
    if model in shipped_models():
        return _FOLDER / f"{model}.tflite"
    if _NAME.fullmatch(model) and not os.path.lexists(model):
        raise ModelError(
            f"{model}: found neither a file nor a shipped model of that name, expected a .tflite "
            f"or one of {', '.join(shipped_models())}"
        )
    return Path(model)
