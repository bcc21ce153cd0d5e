"""Pictures that cannot be drawn: a warning, and words in their place. Results are what counts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from lightsernet_edge.errors import LightSernetWarning

# Stands for a picture that could not be drawn.
MISSING = '<p class="muted">This picture could not be drawn.</p>'

_Arguments = ParamSpec("_Arguments")
_Picture = TypeVar("_Picture", bound=str | None)


class PictureWarning(LightSernetWarning):
    """A picture could not be drawn, and is left out."""


def or_missing(draw: Callable[_Arguments, _Picture]) -> Callable[_Arguments, _Picture | str]:
    """Let a function that draws a picture warn, and return `MISSING`, where it fails."""

    @wraps(draw)
    def attempt(*arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Picture | str:
        try:
            return draw(*arguments, **named)
        # Whatever fonts, styles and labels do to matplotlib.
        except Exception as error:
            message = f"a picture is missing ({type(error).__name__}: {error})"
            warnings.warn(message, PictureWarning, stacklevel=2)
            return MISSING

    return attempt
