"""What the library calls a parameter, the command line calls a flag.

An error of the library begins with the name of the parameter it is about:
``threads: found 0, expected at least 1``. Whoever typed ``--threads 0`` is told
of ``--threads``. A verb gives each flag the name of that parameter as its
``dest``, and declares the flags that stand for functions.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable

_FIRST_WORD = re.compile(r"\w+(?=[: ])")


def with_flag(message: str, parser: argparse.ArgumentParser, values: argparse.Namespace) -> str:
    """Put a flag in place of the parameter that a message begins with.

    Parameters
    ----------
    message : str
        Of an error: ``threads: found 0, ...``.
    parser : ArgumentParser
        Of the verb that ran.
    values : Namespace
        What it was given. A message that begins with one of these values is about a file
        of that name, and stays as it is.

    Returns
    -------
    str
        ``--threads: found 0, ...``; `message` itself if its first word names no flag.
    """
    word = _FIRST_WORD.match(message)
    if word is None or word[0] in _texts(vars(values).values()):
        return message
    flag = _flags(parser).get(word[0])
    return message if flag is None else f"{flag}{message[word.end() :]}"


def with_function_flags(message: str, values: argparse.Namespace) -> str:
    """Put flags in place of functions of the library, as the verb's ``function_flags`` has them.

    Parameters
    ----------
    message : str
        Of a warning: ``...; classify_utterances judges each stretch of speech``.
    values : Namespace
        What the verb was given, with its defaults.
    """
    for function, flag in getattr(values, "function_flags", {}).items():
        message = message.replace(function, flag)
    return message


def _flags(parser: argparse.ArgumentParser) -> dict[str, str]:
    """Return the flags of a verb by the names of their parameters; a positional has none."""
    # argparse lists what was added to a parser nowhere else.
    return {
        action.dest: max(action.option_strings, key=lambda flag: flag.startswith("--"))
        for action in parser._actions
        if action.option_strings
    }


def _texts(values: Iterable[object]) -> set[str]:
    texts: set[str] = set()
    for value in values:
        texts.update(map(str, value if isinstance(value, (list, tuple)) else (value,)))
    return texts
