"""``enrol``: makes a profile of the user from some seconds of neutral speech."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from . import options

if TYPE_CHECKING:
    from ..profiles.enrolment import Enrolment

# Listen for at most this many times the wanted length of speech.
_PATIENCE = 3.0


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "enrol",
        help="make a profile of a voice and a microphone",
        description="Make a profile from neutral speech, for example a few sentences read aloud. "
        "The profile holds no audio. 'listen --profile' and 'classify --profile' use it with "
        "any model of the same front end.",
    )
    options.add_source(parser, several=True)
    parser.add_argument(
        "--seconds",
        metavar="S",
        type=float,
        default=10.0,
        help="length of speech to take from a microphone or pipe (default: 10)",
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        type=options.path,
        required=True,
        help="profile to write",
    )
    options.add_model(parser, positional=False)
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Take in the audio, write the profile, and print what it was made of."""
    from ..errors import AudioError, InputError
    from ..native_output import held_back
    from ..profiles.enrolment import Enrolment
    from ..recognizer import EmotionRecognizer
    from .messages import print_warning

    if not 1.0 <= arguments.seconds <= 600.0:
        raise InputError(f"--seconds: found {arguments.seconds:g}, expected 1 to 600")
    for recording in arguments.recording or ():
        if os.path.realpath(recording) == os.path.realpath(arguments.output):
            raise InputError(f"--output: {arguments.output} is a recording of --input")
    with held_back():
        recognizer = EmotionRecognizer(arguments.model)
    enrolment = Enrolment(recognizer.file.record, recognizer.posteriors)
    name = _take_in(arguments, enrolment)
    try:
        result = enrolment.finish()
    except AudioError as error:
        raise AudioError(f"{name}: {error}") from None
    result.profile.save(arguments.output)
    for warning in result.warnings:
        print_warning(f"{name}: {warning.message}")
    if arguments.json:
        facts = {
            "profile": str(arguments.output),
            "seconds": result.seconds,
            "level_db": result.level_db,
            "warnings": [warning.kind for warning in result.warnings],
        }
        print(json.dumps(facts))
    else:
        print(
            f"{arguments.output}: made of {result.seconds:.1f} s of speech at "
            f"{result.level_db:.0f} dB of full scale"
        )
    return 0


def _take_in(arguments: argparse.Namespace, enrolment: Enrolment) -> str:
    """Take in all audio that the flags name, and return its name."""
    if arguments.recording is None:
        return _take_in_one(arguments, None, enrolment)
    names = []
    for recording in arguments.recording:
        names.append(_take_in_one(arguments, recording, enrolment))
        # No utterance continues from one recording into the next.
        enrolment.mark_broken()
    return ", ".join(names)


def _take_in_one(arguments: argparse.Namespace, recording: str | None, enrolment: Enrolment) -> str:
    from ..capture.opening import STDIN, open_source
    from ..native_output import discarded
    from .messages import print_warning

    is_microphone = recording is None
    # A file is taken in to its end, however much speech it holds.
    has_end = recording not in (None, STDIN)
    with (
        # PortAudio, ALSA and decoders print lines of their own, which would hide an error.
        contextlib.nullcontext() if arguments.debug else discarded(),
        contextlib.closing(
            open_source(arguments.device, recording, enrolment.sample_rate, fast=True)
        ) as source,
    ):
        if is_microphone and not arguments.json:
            print(
                f"{source.name}: read something aloud, calmly, for {arguments.seconds:.0f} s",
                file=sys.stderr,
            )
        taken_in = 0
        for block in source.blocks():
            if block.fault is not None:
                print_warning(f"{source.name}: {block.fault}")
                enrolment.mark_broken()
            enrolment.push(block.samples, block.clipped_share)
            taken_in += block.samples.size
            is_enough = enrolment.speech_s >= arguments.seconds
            has_waited = taken_in > _PATIENCE * arguments.seconds * enrolment.sample_rate
            if not has_end and (is_enough or has_waited):
                source.stop()
                break
        return source.name
