"""The models that ship have names, and a name serves wherever a model is asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lightsernet_edge import EmotionRecognizer, ModelError, read_model, shipped_models
from lightsernet_edge.cli import build_parser, main
from lightsernet_edge.model import shipped
from lightsernet_edge.model.file import default_model_path
from tests.places import GOLDEN

FOLDER = default_model_path().parent


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of three models that ship, two of them the golden one; work goes on elsewhere."""
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copy(default_model_path(), folder / "edge.tflite")
    for name in ("edge-m", "edge-s"):
        shutil.copy(GOLDEN / "int8.tflite", folder / f"{name}.tflite")
    (folder / "__init__.py").touch()
    monkeypatch.setattr(shipped, "_FOLDER", folder)
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    return folder


def test_the_names_are_those_of_the_files(models: Path) -> None:
    assert shipped_models() == ("edge", "edge-m", "edge-s")
    (models / "edge-m.tflite").unlink()
    assert shipped_models() == ("edge", "edge-s")


def test_those_of_the_package_can_be_read() -> None:
    assert "edge" in shipped_models()
    for name in shipped_models():
        assert read_model(name).path == FOLDER / f"{name}.tflite"


def test_a_name_is_a_model(models: Path) -> None:
    assert EmotionRecognizer().file.path == models / "edge.tflite"
    assert EmotionRecognizer("edge-s").file.path == models / "edge-s.tflite"


def test_what_the_working_folder_holds_takes_no_name_away(models: Path) -> None:
    shutil.copy(models / "edge.tflite", "edge-s")
    assert read_model("edge-s").path == models / "edge-s.tflite"
    for mine in ("./edge-s", Path("edge-s")):
        assert read_model(mine).record == read_model("edge").record != read_model("edge-s").record
    shutil.copy(models / "edge.tflite", "mine")
    assert read_model("mine").path == Path("mine")


def test_a_wrong_name_tells_the_right_ones(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ModelError, match=r"^edge-x: .* one of edge, edge-m, edge-s$"):
        read_model("edge-x")
    with pytest.raises(SystemExit) as ended:
        main(["info", "edge-x"])
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert "MODEL: edge-x: found neither" in line
    assert "expected a .tflite or one of edge, edge-m, edge-s;" in line


def test_every_verb_that_takes_a_model_takes_a_name(models: Path) -> None:
    (verbs,) = (a for a in build_parser()._actions if a.dest == "verb")
    assert isinstance(verbs.choices, dict)
    taken = {
        (verb, action.dest): action.type("edge-s")
        for verb, parser in verbs.choices.items()
        for action in parser._actions
        if action.metavar == "MODEL"
    }
    assert set(taken.values()) == {models / "edge-s.tflite"}
    assert taken.keys() >= {
        *((verb, "model") for verb in ("classify", "listen", "enrol", "serve", "info", "adopt")),
        *((verb, "model") for verb in ("evaluate", "release", "export", "flash", "bench", "sign")),
        ("validate", "model"),
        ("train", "teacher"),
    }
    for verb, dest in taken:
        if (verb, dest) not in {("adopt", "model"), ("release", "model"), ("train", "teacher")}:
            assert "edge, edge-m, edge-s" in " ".join(verbs.choices[verb].format_help().split())
