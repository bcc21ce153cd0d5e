"""The command ``lightsernet-edge``: one module per verb, found by `verbs`.

Exit status: 0 for success, 1 if the work failed, 2 for wrong usage or bad input. Results
go to stdout, everything else to stderr. An error is one line; only ``--debug`` adds a
traceback.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
import traceback
import warnings
from functools import partial
from typing import NoReturn

from .._version import __version__
from ..errors import LightSernetError, LightSernetWarning
from .console import ESCAPES
from .flag_names import with_flag, with_function_flags
from .messages import PROGRAM, print_error, print_warning
from .verbs import verbs

_INTERRUPTED = 130
# Messages of other packages are cut to this many characters: some hold a whole model.
_UNEXPECTED_LENGTH = 300
# A full disk, or a terminal that was closed.
_OF_STDOUT = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


class _Parser(argparse.ArgumentParser):
    """An argument parser that prints an error as one line."""

    def error(self, message: str) -> NoReturn:
        print_error(f"{message}; see '{self.prog} --help'")
        self.exit(2)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = _Parser(prog=PROGRAM, description="Speech emotion recognition on edge boards.")
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    parser.add_argument(
        "--debug", action="store_true", help="show a traceback when something fails"
    )
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb in verbs():
        verb.add_parser(subparsers)
    for verb_parser in subparsers.choices.values():
        verb_parser.set_defaults(parser=verb_parser)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the process.

    Returns
    -------
    int
    """
    _replace_closed_streams()
    # A label or file name may hold characters that stdout cannot encode.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=ESCAPES)
    try:
        options = _parsed(arguments)
    except SystemExit:
        try:
            sys.stdout.flush()
        except OSError:
            _forget_stdout()
            return 1
        raise
    except BrokenPipeError:
        _forget_stdout()
        return 1
    if sys.warnoptions:
        # As by PYTHONWARNINGS=error, which would end what only has a word to say.
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", LightSernetWarning)
    warnings.showwarning = partial(_show_warning, options, set())
    try:
        status: int = options.run(options)
        sys.stdout.flush()
        return status
    except LightSernetError as error:
        if options.debug:
            traceback.print_exc()
        print_error(with_flag(str(error), options.parser, options))
        return error.exit_status
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader closed the pipe, as `head` does: this is not an error to report.
        _forget_stdout()
        return 1
    except Exception as error:
        if options.debug:
            traceback.print_exc()
        print_error(_foreign(error))
        return 2 if _names_a_file(error) else 1


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    options, unknown = build_parser().parse_known_args(arguments)
    if unknown:
        # Of argparse's own accord the program's help is named, which has no flags of verbs.
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


def _replace_closed_streams() -> None:
    # A stream is None if its descriptor was closed before Python started. All three are opened, in
    # order: each gets the lowest number that is free, which is its own, and no other file gets it.
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if name != "stdin":
                setattr(sys, name, os.fdopen(descriptor, "w"))


def _foreign(error: Exception) -> str:
    """Return the message for an error that is not this program's own."""
    if isinstance(error, OSError) and error.errno in _OF_STDOUT and error.filename is None:
        # Errors of files are LightSernetErrors, or name the file, so this one is of stdout.
        _forget_stdout()
        return f"stdout: cannot be written ({error.strerror})"
    if _names_a_file(error):
        assert isinstance(error, OSError)
        return f"{os.fsdecode(error.filename)}: cannot be used ({error.strerror})"
    if isinstance(error, MemoryError):
        return "out of memory"
    text = str(error)
    if len(text) > _UNEXPECTED_LENGTH:
        text = f"{text[:_UNEXPECTED_LENGTH]}..."
    return f"unexpected {type(error).__name__}: {text} (--debug shows where)"


def _names_a_file(error: Exception) -> bool:
    return isinstance(error, OSError) and isinstance(error.filename, (str, bytes))


def _forget_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_warning(
    options: argparse.Namespace,
    said: set[str],
    message: Warning | str,
    category: type[Warning],
    *_: object,
) -> None:
    # Warnings of other packages are for their developers. Python forgets what it has shown.
    if issubclass(category, LightSernetWarning) and str(message) not in said:
        said.add(str(message))
        print_warning(with_function_flags(str(message), options))
