"""Replaces the names of parameters in the library's messages by flags.

An error of the library begins with the name of a parameter: ``threads: found 0, expected
at least 1``. The command line shows ``--threads: found 0, ...``. So a flag has the name of
that parameter as its ``dest``. A verb may also set ``function_flags``, the flags that stand
for functions of the library.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable

_FIRST_WORD = re.compile(r"\w+(?=[: ])")


def with_flag(message: str, parser: argparse.ArgumentParser, values: argparse.Namespace) -> str:
    """Replace the parameter at the beginning of a message by its flag.

    Parameters
    ----------
    message : str
        Of an error, for example ``threads: found 0, ...``.
    parser : ArgumentParser
        Of the verb that ran.
    values : Namespace
        The arguments of the verb. A message that begins with one of their values is about a
        file of that name, and stays unchanged.

    Returns
    -------
    str
        For example ``--threads: found 0, ...``; `message` itself if its first word is not
        the ``dest`` of a flag.
    """
    word = _FIRST_WORD.match(message)
    if word is None or word[0] in _texts(vars(values).values()):
        return message
    flag = _flags(parser).get(word[0])
    return message if flag is None else f"{flag}{message[word.end() :]}"


def with_function_flags(message: str, values: argparse.Namespace) -> str:
    """Replace functions of the library in a message by the verb's ``function_flags``.

    Parameters
    ----------
    message : str
        Of a warning, for example ``...; classify_utterances judges each utterance``.
    values : Namespace
        The arguments of the verb.
    """
    for function, flag in getattr(values, "function_flags", {}).items():
        message = message.replace(function, flag)
    return message


def _flags(parser: argparse.ArgumentParser) -> dict[str, str]:
    """Return dest -> flag for the options of a verb."""
    # argparse has no public list of the arguments of a parser.
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
