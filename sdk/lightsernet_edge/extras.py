"""Packages that only an extra of the distribution installs: checked before they are imported."""

from __future__ import annotations

import os
from importlib.util import find_spec

from .errors import InputError, MissingDependencyError

_PACKAGES = {
    "train": ("tensorflow", "keras", "sklearn", "matplotlib"),
    "crossval": ("tensorflow", "keras", "sklearn", "matplotlib", "joblib"),
    "evaluate": ("sklearn",),
    "report": ("sklearn", "matplotlib"),
    "calibrate": ("sklearn", "matplotlib"),
    "release": ("sklearn", "matplotlib"),
    "serve": ("wyoming",),
    "keygen": ("cryptography",),
    "public-key": ("cryptography",),
    "sign": ("cryptography",),
    "verify": ("cryptography",),
}
# Values of KERAS_BACKEND that Keras knows, and the extra that installs each.
_KERAS_BACKENDS = {
    "tensorflow": "train",
    "torch": "torch",
    "jax": None,
}


def installation(extra: str) -> str:
    """Return the commands that install an extra of this distribution."""
    # Not by its name: no package index is known to have it.
    return (
        f'pip install ".[{extra}]" in a checkout of lightsernet-edge, '
        f'or "WHEEL[{extra}]" with the wheel that was installed'
    )


def require_trainer(verb: str) -> None:
    """Check that the packages of the extra ``train`` that a verb needs are installed.

    Parameters
    ----------
    verb : str
        Name of the verb.

    Raises
    ------
    MissingDependencyError
        If one is missing; for a verb that trains, also if the backend that
        ``KERAS_BACKEND`` names is not installed.
    InputError
        If ``KERAS_BACKEND`` names a backend that Keras does not know.
    """
    require(verb, "train", "the offline trainer")
    if "keras" in _PACKAGES[verb]:
        _require_backend()


def _require_backend() -> None:
    name = os.environ.get("KERAS_BACKEND")
    if not name:
        return
    if name not in _KERAS_BACKENDS:
        raise InputError(
            f"KERAS_BACKEND: found {name!r}, expected one of {', '.join(_KERAS_BACKENDS)}"
        )
    if find_spec(name) is None:
        extra = _KERAS_BACKENDS[name]
        how = f"pip install {name}" if extra is None else installation(extra)
        raise MissingDependencyError(f"KERAS_BACKEND: {name} is not installed: {how}")


def require(verb: str, extra: str, what: str | None = None) -> None:
    """Check that the packages of an extra that a verb needs are installed.

    Parameters
    ----------
    verb, extra : str
        Names of both.
    what : str, optional
        What messages call the extra; by default its name.

    Raises
    ------
    MissingDependencyError
        If one is missing.
    """
    missing = [name for name in _PACKAGES[verb] if find_spec(name) is None]
    if missing:
        are = "are" if len(missing) > 1 else "is"
        raise MissingDependencyError(
            f"{verb} needs {what or f'the extra {extra}'}, but {', '.join(missing)} {are} not "
            f"installed: {installation(extra)}"
        )
