"""Bad data sets: `train` and `evaluate` say in one line what is wrong, and write nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.edge.cli.class_folders import write_folders
from tests.edge.cli.command_lines import EVALUATE, TRAIN
from tests.edge.cli.refusals import Refuse

BOTH = pytest.mark.parametrize("verb", [TRAIN, EVALUATE], ids=["train", "evaluate"])


@BOTH
@pytest.mark.parametrize("layout", ["emodb", "ravdess", "iemocap", "folders"])
def test_data_folder_without_audio(
    layout: str, verb: tuple[str, ...], desk: Path, refuse: Refuse
) -> None:
    arguments = (*verb, "--dataset", layout, "--data", "data")
    refuse(*arguments, says=["data", "not found", "expected"])
    (desk / "data").mkdir()
    refuse(*arguments, says=["data", "no audio", "expected"])
    (desk / "data" / "notes.txt").write_text("no audio either")
    refuse(*arguments, says=["data", "no audio", "expected"])


@BOTH
def test_class_folder_without_audio(verb: tuple[str, ...], desk: Path, refuse: Refuse) -> None:
    write_folders(desk / "data", {"anger": 2, "fear": 0}, desk / "good.wav")
    refuse(
        *verb, "--dataset", "folders", "--data", "data", says=["data/fear", "no audio", "expected"]
    )


def test_class_with_one_clip(desk: Path, refuse: Refuse) -> None:
    write_folders(desk / "data", {"anger": 2, "fear": 1}, desk / "good.wav")
    says = ["data", "'fear'", "one clip", "data/fear/0.wav", "expected at least 2"]
    refuse(*TRAIN, "--dataset", "folders", "--data", "data", says=says)


def test_one_class(desk: Path, refuse: Refuse) -> None:
    write_folders(desk / "data", {"anger": 2}, desk / "good.wav")
    says = ["data", "'anger'", "expected at least two classes"]
    refuse(*TRAIN, "--dataset", "folders", "--data", "data", says=says)


def test_name_that_is_not_emodbs(desk: Path, refuse: Refuse) -> None:
    says = ["./good.wav".removeprefix("./"), "expected SSTTTEv.wav"]
    refuse(*TRAIN, "--dataset", "emodb", "--data", ".", says=says)


def write_manifest(desk: Path, *rows: str) -> None:
    (desk / "data.csv").write_text("\n".join(["file,label,speaker,start,end", *rows]) + "\n")


def test_unknown_label_in_a_manifest(desk: Path, refuse: Refuse) -> None:
    write_manifest(desk, "good.wav,anger,1,0,0.5", "good.wav,rage,1,0.5,1")
    data = ("--dataset", "manifest", "--data", "data.csv")
    says = ["data.csv", "line 3", "unknown label 'rage'", "expected one of anger fear"]
    refuse(*TRAIN, *data, "--labels", "anger,fear", says=says)


def test_label_that_the_model_does_not_have(desk: Path, refuse: Refuse) -> None:
    write_manifest(desk, "good.wav,anger,1,0,0.5", "good.wav,rage,1,0.5,1")
    data = ("--dataset", "manifest", "--data", "data.csv")
    says = ["data.csv", "line 3", "'rage'", "expected one of anger boredom"]
    refuse(*EVALUATE, *data, says=says)
    refuse(*EVALUATE, "--json", *data, says=says)
    write_folders(desk / "data", {"anger": 2, "rage": 2}, desk / "good.wav")
    data = ("--dataset", "folders", "--data", "data")
    refuse(*EVALUATE, *data, says=["data/rage", "unknown label", "expected one of anger boredom"])


ROWS = [
    pytest.param("absent.wav,fear,1,,", ["line 4", "'absent.wav'", "expected"], id="no-file"),
    pytest.param("model.tflite,fear,1,,", ["line 4", "'model.tflite'", "expected"], id="no-audio"),
    pytest.param("good.wav,fear,1,0.9,0.5", ["line 4", "0.9", "0.5", "expected"], id="order"),
    pytest.param("good.wav,fear,1,x,", ["line 4", "start", "'x'", "expected"], id="no-number"),
    pytest.param("good.wav,fear,1,nan,", ["line 4", "start", "'nan'", "expected"], id="nan"),
    pytest.param("good.wav,fear", ["line 4", "2 cells", "expected 5"], id="cells"),
    pytest.param("good.wav,,1,0.9,1", ["line 4", "no label", "expected"], id="no-label"),
    pytest.param("good.wav,fear,1,0,0.4", ["line 4", "line 2", "expected"], id="twice"),
    pytest.param("good.wav,fear,1,0.5,9", ["good.wav", "1.000 s", "9.0", "expected"], id="beyond"),
    pytest.param("good.wav,fear,1,0,0.2", ["good.wav", "0.2000 s", "at least 0.3"], id="short"),
    pytest.param("bad.wav,fear,1,,", ["bad.wav", "truncated", "1000 bytes"], id="truncated"),
]


@BOTH
@pytest.mark.parametrize(("row", "says"), ROWS)
def test_row_of_a_manifest(
    row: str, says: list[str], verb: tuple[str, ...], desk: Path, refuse: Refuse
) -> None:
    """Also when the bad clip is found after good ones, nothing of them is left."""
    (desk / "bad.wav").write_bytes((desk / "good.wav").read_bytes()[:1000])
    (desk / "zzz.wav").write_bytes((desk / "good.wav").read_bytes())
    rest = ["zzz.wav,anger,2,,", "zzz.wav,fear,2,0,0.5"]
    write_manifest(desk, "good.wav,anger,1,0,0.4", "good.wav,fear,1,0.4,0.8", row, *rest)
    refuse(*verb, "--dataset", "manifest", "--data", "data.csv", says=says)


def test_out_that_cannot_be_a_folder(desk: Path, refuse: Refuse) -> None:
    write_folders(desk / "data", {"anger": 2, "fear": 2}, desk / "good.wav")
    (desk / "taken").write_text("a file")
    train = ["taken" if word == "out" else word for word in TRAIN]
    for cache in ("disk", "memory"):
        refuse(*train, "--cache", cache, "--dataset", "folders", "--data", "data", says=["taken"])
