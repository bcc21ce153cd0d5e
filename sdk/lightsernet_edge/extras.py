"""What only the extras of the distribution bring, asked for before it is imported."""

from __future__ import annotations

from importlib.util import find_spec

from .errors import MissingDependencyError

_PACKAGES = {
    "train": ("tensorflow", "keras", "sklearn", "matplotlib"),
    "crossval": ("tensorflow", "keras", "sklearn", "matplotlib", "joblib"),
    "evaluate": ("sklearn",),
}


def require_trainer(verb: str) -> None:
    """Raise MissingDependencyError unless what a verb needs of the extra ``train`` is there."""
    missing = [name for name in _PACKAGES[verb] if find_spec(name) is None]
    if missing:
        raise MissingDependencyError(
            f"{verb} needs the offline trainer, but {', '.join(missing)} is not installed: "
            'pip install "lightsernet-edge[train]"'
        )
