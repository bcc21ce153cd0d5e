"""Flags that several verbs share, and the types of their values."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..profiles.profile import Profile
    from ..recognizer import EmotionRecognizer


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    parser.add_argument(
        "--json", action="store_true", help="print JSON, one object a line, and nothing else"
    )


def add_model(parser: argparse.ArgumentParser, positional: bool) -> None:
    """Add MODEL, as ``--model`` or as an optional positional argument."""
    from ..model.shipped import DEFAULT, shipped_models

    help_text = (
        "a .tflite with its record, or the name of a model that ships: "
        f"{', '.join(shipped_models())} (default: {DEFAULT})"
    )
    if positional:
        parser.add_argument("model", metavar="MODEL", nargs="?", type=model, help=help_text)
    else:
        parser.add_argument("--model", metavar="MODEL", type=model, help=help_text)


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add ``--engine``, ``--threads`` and ``--xnnpack``."""
    parser.add_argument(
        "--engine",
        metavar="NAME",
        help="litert, tflite, tensorflow or native, the C engine (default: the first "
        "interpreter that works; on 64-bit Arm the C engine)",
    )
    parser.add_argument(
        "--threads",
        metavar="N",
        type=int,
        default=1,
        help="threads of the interpreter (default: 1)",
    )
    parser.add_argument(
        "--xnnpack",
        action="store_true",
        help="run on XNNPACK: faster on most machines, but int8 results differ in the last bits",
    )


def open_recognizer(
    arguments: argparse.Namespace, profile: Profile | Path | None = None
) -> EmotionRecognizer:
    """Open the model of ``--model`` with the engine that the flags of `add_engine` choose.

    The output of the interpreters is kept off the terminal.
    """
    from ..native_output import held_back
    from ..recognizer import EmotionRecognizer

    with contextlib.nullcontext() if arguments.debug else held_back():
        return EmotionRecognizer(
            arguments.model, arguments.engine, arguments.threads, arguments.xnnpack, profile
        )


def add_profile(parser: argparse.ArgumentParser) -> None:
    """Add ``--profile``."""
    parser.add_argument("--profile", metavar="FILE", type=path, help="a profile made by enrol")


def add_whole(parser: argparse._ActionsContainer) -> None:
    """Add ``--whole``."""
    parser.add_argument(
        "--whole",
        action="store_true",
        help="judge everything, pauses and noise included, instead of the speech",
    )


def add_source(parser: argparse.ArgumentParser, several: bool = False) -> None:
    """Add ``--device`` and ``--input``; at most one of them may be given.

    With `several`, ``--input`` takes more than one recording, and `recording` is a list.
    """
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--device",
        metavar="NAME",
        help="number of an audio input, or part of its name (default: the system's default input)",
    )
    source.add_argument(
        "--input",
        dest="recording",
        metavar="FILE",
        type=recording,
        nargs="+" if several else None,
        help=f"{'recordings' if several else 'a recording'}, or - for raw PCM: 16 kHz mono s16le",
    )


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """Add ``--dataset``, ``--data`` and ``--part``."""
    parser.add_argument(
        "--dataset",
        metavar="NAME",
        required=True,
        help="layout of the data: emodb, ravdess, iemocap, folders or manifest",
    )
    parser.add_argument(
        "--data", metavar="PATH", type=path, required=True, help="its folder, or CSV file"
    )
    parser.add_argument(
        "--part",
        metavar="NAME",
        default="all",
        help="part of the corpus; iemocap: all, improvised or scripted; "
        "ravdess: all, speech or song",
    )


def path(text: str) -> Path:
    """Return the path that a flag names. An empty one would mean the working folder."""
    if not text:
        raise argparse.ArgumentTypeError("found '', expected a path")
    return Path(text)


def model(text: str) -> Path:
    """Return the path of the model that a flag names: a shipped model's name, or a path."""
    from ..errors import ModelError
    from ..model.shipped import model_path

    path(text)
    try:
        return model_path(text)
    except ModelError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def recording(text: str) -> str:
    """Return the name of a recording as it was given, for messages and results."""
    path(text)
    return text


def label_list(text: str) -> tuple[str, ...]:
    """Split a comma-separated list, for example of labels or speakers."""
    from ..files.foreign_text import composed

    return tuple(composed(item.strip()) for item in text.split(","))
