"""Errors of the library name parameters; the command line names the flags that set them."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lightsernet_edge.cli.flag_names import with_flag
from tests.edge.cli.command_lines import MODEL
from tests.edge.cli.refusals import Command, Refuse
from tests.places import CLIPS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("-t", "--test-speakers")
    parser.add_argument("--from", dest="archive")
    parser.add_argument("--data")
    return parser


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("test_speakers: found 'x'", "--test-speakers: found 'x'"),
        ("test_speakers 'x': unknown", "--test-speakers 'x': unknown"),
        ("archive: no such file", "--from: no such file"),
        ("data: found 'x'", "--data: found 'x'"),
        ("model: found no record", "model: found no record"),
        ("test_speakers", "test_speakers"),
        ("test_speakers.wav: no such file", "test_speakers.wav: no such file"),
        ("speakers: unknown test_speakers: 'x'", "speakers: unknown test_speakers: 'x'"),
        ("", ""),
    ],
)
def test_the_first_word_of_a_message(message: str, shown: str) -> None:
    parser = _parser()
    assert with_flag(message, parser, parser.parse_args(["m.tflite"])) == shown


def test_a_file_called_like_a_parameter() -> None:
    parser = _parser()
    values = parser.parse_args(["m.tflite", "--data", "data"])
    assert with_flag("data: not found", parser, values) == "data: not found"


def test_a_recording_called_like_a_parameter(desk: Path, refuse: Refuse) -> None:
    message = refuse("listen", *MODEL, "--input", "threads", says=["no such file"])
    assert message.startswith("threads: ")


def test_parameter_and_flag_differ_in_name(refuse: Refuse) -> None:
    arguments = ("--labels", "a,b,c,d,e,f,g", "--features", "edge", "--input-type", "nonsense")
    refuse("adopt", "model.tflite", *arguments, says=["--input-type: found 'nonsense'"])


def test_a_warning_names_a_flag_instead_of_a_function(desk: Path, command: Command) -> None:
    clip = soundfile.read(CLIPS / "anger_03a02Wc.wav", dtype="int16")[0]
    soundfile.write(desk / "long.wav", np.tile(clip, 25), 16000)
    warning = command("classify", *MODEL, "long.wav").stderr
    assert "one answer; --utterances judges each stretch of speech" in warning
