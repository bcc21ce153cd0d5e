"""Bad flags of every verb: one line that names the flag, and exit status 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edge.cli.command_lines import EVALUATE, MODEL, TRAIN
from tests.edge.cli.refusals import Refuse

CLASSIFY = ("classify", *MODEL, "good.wav")
FOLDERS = ("--dataset", "folders", "--data", "data")
FLAGS = [
    ((), ["VERB"]),
    (("nonsense",), ["'nonsense'", "classify"]),
    (("classify", "--model", "model.tflite"), ["FILE"]),
    ((*CLASSIFY, "--nonsense"), ["--nonsense", "see 'lightsernet-edge classify --help'"]),
    (("listen", "good.wav"), ["good.wav", "see 'lightsernet-edge listen --help'"]),
    ((*CLASSIFY, "--non\nsense"), ["--non"]),
    ((*CLASSIFY, "--threads", "0"), ["--threads", "0", "at least 1"]),
    ((*CLASSIFY, "--threads", "-3"), ["--threads", "-3", "at least 1"]),
    ((*CLASSIFY, "--threads", "2147483648"), ["--threads", "2147483648", "at most 1024"]),
    ((*CLASSIFY, "--threads", "two"), ["--threads", "'two'", "int"]),
    ((*CLASSIFY, "--threads"), ["--threads", "expected one argument"]),
    ((*CLASSIFY, "--engine", "nonsense"), ["--engine", "'nonsense'", "litert"]),
    ((*CLASSIFY, "--engine", ""), ["--engine", "''", "litert"]),
    (("info", "model.tflite", "more.tflite"), ["more.tflite"]),
    (("info", ""), ["MODEL", "''", "expected a path"]),
    (("export", "--format", "c", "--out", ""), ["--out", "''", "expected a path"]),
    (("classify", *MODEL, ""), ["FILE", "''", "expected a path"]),
    (("listen", "--input", ""), ["--input", "''", "expected a path"]),
    (("listen", "--mode", "continuous", "--adapt"), ["--adapt", "continuous", "utterance"]),
    (("listen", "--mode", "continuous", "--provisional"), ["--provisional", "utterance"]),
    (("crossval", *FOLDERS, "--out", "o", "--seeds", "x"), ["--seeds", "'x'", "whole numbers"]),
    (("crossval", *FOLDERS, "--out", "o", "--seeds=-1"), ["--seeds", "'-1'", "whole numbers"]),
    (("validate", "--audio", ".", "--seconds", "inf"), ["--seconds", "inf", "at most 60"]),
    (("validate", "--audio", ".", "--seconds", "1e6"), ["--seconds", "at most 60"]),
    (("fetch", "emodb", "--to", ""), ["--to", "''", "expected a path"]),
    (("listen", "--input", "good.wav", "--record", ""), ["--record", "''", "expected a path"]),
    (("enrol", "--input", "good.wav", "--output", ""), ["--output", "''", "expected a path"]),
    (("crossval", *FOLDERS, "--out", ""), ["--out", "''", "expected a path"]),
    (("train", *FOLDERS, "--out", ""), ["--out", "''", "expected a path"]),
    (("evaluate", "--dataset", "emodb", "--data", ""), ["--data", "''", "expected a path"]),
    (("fetch", "nonsense", "--to", "out"), ["'nonsense'", "emodb"]),
    (("fetch", "emodb"), ["--to"]),
    ((*EVALUATE, "--dataset", "folders"), ["--data"]),
    ((*EVALUATE, "--data", "data"), ["--dataset"]),
    ((*EVALUATE, "--dataset", "nonsense", "--data", "data"), ["dataset", "'nonsense'", "emodb"]),
    ((*EVALUATE, *FOLDERS, "--part", "speech"), ["part", "'speech'", "all"]),
    ((*EVALUATE, *FOLDERS, "--speakers", "99"), ["--speakers", "'99'", "anna, bob"]),
    ((*EVALUATE, *FOLDERS, "--speakers", ""), ["--speakers", "''", "anna, bob"]),
    ((*EVALUATE, *FOLDERS, "--threads", "0"), ["--threads", "0", "at least 1"]),
    ((*EVALUATE, *FOLDERS, "--engine", "nonsense"), ["--engine", "'nonsense'", "litert"]),
    ((*TRAIN, "--dataset", "nonsense", "--data", "data"), ["dataset", "'nonsense'", "emodb"]),
    ((*TRAIN, *FOLDERS, "--part", "speech"), ["part", "'speech'", "all"]),
    ((*TRAIN, *FOLDERS, "--labels", ""), ["labels", "''", "expected"]),
    ((*TRAIN, *FOLDERS, "--labels", "anger,fear,anger"), ["labels", "'anger,fear,anger'", "once"]),
    ((*TRAIN, *FOLDERS, "--labels", "anger"), ["data/fear", "unknown label", "anger"]),
    ((*TRAIN, *FOLDERS, "--labels", "anger,fear,joy"), ["'joy'", "no clip"]),
    ((*TRAIN, *FOLDERS, "--test-speakers", "anna"), ["--test-speakers", "--test-share"]),
    ((*TRAIN, *FOLDERS, "--test-share", "0"), ["--test-share", "0", "between 0 and 1"]),
    ((*TRAIN, *FOLDERS, "--test-share", "nan"), ["--test-share", "nan", "between 0 and 1"]),
    ((*TRAIN[:-2], *FOLDERS, "--test-speakers", "99"), ["--test-speakers", "'99'", "anna, bob"]),
    ((*TRAIN[:-2], *FOLDERS, "--test-speakers", "anna,bob"), ["no clip", "anna, bob"]),
    ((*TRAIN, *FOLDERS, "--features", "nonsense"), ["--features", "'nonsense'", "edge"]),
    ((*TRAIN, *FOLDERS, "--input-type", "nonsense"), ["--input-type", "'nonsense'", "mfcc"]),
    ((*TRAIN, *FOLDERS, "--level", "nonsense"), ["--level", "'nonsense'", "percentile"]),
    ((*TRAIN, *FOLDERS, "--padding", "nonsense"), ["--padding", "'nonsense'", "repeat"]),
    ((*TRAIN, *FOLDERS, "--seconds", "0"), ["--seconds", "0", "0.3"]),
    ((*TRAIN, *FOLDERS, "--seconds", "nan"), ["--seconds", "nan", "0.3"]),
    ((*TRAIN, *FOLDERS, "--loss", "nonsense"), ["--loss", "'nonsense'", "cross-entropy"]),
    ((*TRAIN, *FOLDERS, "--loss", "focal", "--gamma", "-1"), ["--gamma", "-1"]),
    ((*TRAIN, *FOLDERS, "--loss", "focal", "--gamma", "nan"), ["--gamma", "nan"]),
    ((*TRAIN, *FOLDERS, "--label-smoothing", "1"), ["--label-smoothing", "1"]),
    ((*TRAIN, *FOLDERS, "--label-smoothing", "-0.1"), ["--label-smoothing", "-0.1"]),
    ((*TRAIN, *FOLDERS, "--epochs", "0"), ["--epochs", "0", "1.."]),
    ((*TRAIN, *FOLDERS, "--epochs", "many"), ["--epochs", "'many'", "int"]),
    ((*TRAIN, *FOLDERS, "--batch-size", "0"), ["--batch-size", "0", "1.."]),
    ((*TRAIN, *FOLDERS, "--learning-rate", "0"), ["--learning-rate", "0"]),
    ((*TRAIN, *FOLDERS, "--learning-rate", "nan"), ["--learning-rate", "nan"]),
    ((*TRAIN, *FOLDERS, "--schedule", "nonsense"), ["--schedule", "'nonsense'", "one-cycle"]),
    ((*TRAIN, *FOLDERS, "--width", "0"), ["--width", "0", "0.05"]),
    ((*TRAIN, *FOLDERS, "--mixup", "-1"), ["--mixup", "-1"]),
    ((*TRAIN, *FOLDERS, "--time-masks", "-1"), ["--time-masks", "-1"]),
    ((*TRAIN, *FOLDERS, "--seed", "-1"), ["--seed", "-1"]),
    ((*TRAIN, *FOLDERS, "--cache", "nonsense"), ["--cache", "'nonsense'", "disk"]),
    ((*TRAIN, *FOLDERS, "--verbosity", "9"), ["--verbosity", "9", "0"]),
]


@pytest.mark.parametrize(
    ("arguments", "says"),
    FLAGS,
    ids=[" ".join((*a[:1], *a[-2:])).encode("unicode_escape").decode() or "none" for a, _ in FLAGS],
)
def test_flags(arguments: tuple[str, ...], says: list[str], desk: Path, refuse: Refuse) -> None:
    for label in ("anger", "fear"):
        for speaker in ("anna", "bob"):
            folder = desk / "data" / label / speaker
            folder.mkdir(parents=True)
            (folder / "1.wav").write_bytes((desk / "good.wav").read_bytes())
    refuse(*arguments, says=says)


@pytest.mark.parametrize("engine", [(), ("--engine", "native")], ids=["default", "native"])
def test_more_threads_than_an_interpreter_takes(engine: tuple[str, ...], refuse: Refuse) -> None:
    message = refuse(*CLASSIFY, *engine, "--threads", "1025", says=["--threads", "1025", "1024"])
    assert "--engine native" not in message
