"""``classify FILE...``: the emotion of each file, or of each utterance in it."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import traceback
from typing import TYPE_CHECKING, Any

from . import options

if TYPE_CHECKING:
    from ..decision import Emotion


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "classify",
        help="name the emotion in recordings",
        description="Name the emotion in recordings: WAV, FLAC, OGG, Opus, MP3, AIFF, AU or CAF, "
        "any rate, any number of channels.",
    )
    parser.add_argument(
        "files", metavar="FILE", nargs="+", type=options.recording, help="recordings"
    )
    judged = parser.add_mutually_exclusive_group()
    judged.add_argument(
        "--utterances",
        action="store_true",
        help="one result per utterance instead of one per file",
    )
    options.add_whole(judged)
    options.add_profile(parser)
    options.add_model(parser, positional=False)
    options.add_engine(parser)
    options.add_json(parser)
    parser.set_defaults(run=run, function_flags={"classify_utterances": "--utterances"})


def run(arguments: argparse.Namespace) -> int:
    """Classify the files; report a bad file and go on with the others."""
    from ..errors import InputError
    from ..native_output import discarded
    from .console import RAW_NAMES
    from .messages import print_error

    recognizer = options.open_recognizer(arguments, arguments.profile)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors=RAW_NAMES)
    rows: list[dict[str, Any]] = []
    status = 0
    for file in arguments.files:
        try:
            # Decoders print lines of their own about what they pass over.
            with contextlib.nullcontext() if arguments.debug else discarded():
                emotions = (
                    recognizer.classify_utterances(file)
                    if arguments.utterances
                    else [recognizer.classify(file, arguments.whole)]
                )
        except InputError as error:
            if arguments.debug:
                traceback.print_exc()
            print_error(error)
            status = error.exit_status
            continue
        for emotion in emotions:
            row = {
                "file": file,
                "start_s": emotion.start_s,
                "end_s": emotion.end_s,
                "label": emotion.label,
                "confidence": emotion.confidence,
                "posteriors": emotion.posteriors,
                **_judged(emotion),
            }
            if arguments.json:
                print(json.dumps(row), flush=True)
            else:
                rows.append(row)
    if rows:
        _print_table(rows)
    return status


def _judged(emotion: Emotion) -> dict[str, Any]:
    from ..judged_parts import SPEECH
    from ..recognizer import RecordingEmotion

    if isinstance(emotion, RecordingEmotion):
        return {"judged": emotion.judged, "judged_s": emotion.judged_s}
    return {"judged": SPEECH, "judged_s": emotion.end_s - emotion.start_s}


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from ..decision import UNCERTAIN
    from .console import bar_glyphs, stdout_console

    full = bar_glyphs()[0]
    table = Table(box=None, header_style="bold")
    table.add_column("file", overflow="fold")
    table.add_column("from", justify="right")
    table.add_column("to", justify="right")
    table.add_column("judged", justify="right")
    table.add_column("emotion")
    table.add_column("confidence")
    table.add_column("next")
    for row in rows:
        ranked = sorted(row["posteriors"].items(), key=lambda item: -item[1])
        # If the label is "uncertain", also show the most probable label.
        others = ranked[:2] if row["label"] == UNCERTAIN else ranked[1:2]
        bar = full * round(10 * row["confidence"])
        table.add_row(
            row["file"],
            f"{row['start_s']:.2f} s",
            f"{row['end_s']:.2f} s",
            f"{row['judged_s']:.2f} s {row['judged']}",
            row["label"],
            f"{bar:<10} {row['confidence']:4.0%}",
            ", ".join(f"{label} {posterior:.0%}" for label, posterior in others),
        )
    stdout_console().print(table)
