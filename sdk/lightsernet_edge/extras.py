"""What only the extras of the distribution bring, asked for before it is imported."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from .errors import MissingDependencyError

_PACKAGES = {
    "train": ("tensorflow", "keras", "sklearn", "matplotlib"),
    "crossval": ("tensorflow", "keras", "sklearn", "matplotlib", "joblib"),
    "evaluate": ("sklearn",),
    "report": ("sklearn", "matplotlib"),
    "calibration": ("sklearn", "matplotlib"),
    "release": ("sklearn", "matplotlib"),
    "serve": ("wyoming",),
}


def require_trainer(verb: str) -> None:
    """Raise MissingDependencyError unless what a verb needs of the extra ``train`` is there."""
    require(verb, "train", "the offline trainer")


def exit_without_trainer(program: str) -> None:
    """End ``python -m lightsernet_trainer.PROGRAM`` in one line unless what it needs is there."""
    try:
        require_trainer(program)
    except MissingDependencyError as error:
        print(f"python -m lightsernet_trainer.{program}: error: {error}", file=sys.stderr)
        sys.exit(error.exit_status)


def require(verb: str, extra: str, what: str | None = None) -> None:
    """Raise MissingDependencyError unless what a verb needs of an extra is there.

    Parameters
    ----------
    verb, extra : str
    what : str, optional
        What the extra is; its name by default.
    """
    missing = [name for name in _PACKAGES[verb] if find_spec(name) is None]
    if missing:
        raise MissingDependencyError(
            f"{verb} needs {what or f'the extra {extra}'}, but {', '.join(missing)} is not "
            f'installed: pip install "lightsernet-edge[{extra}]"'
        )
