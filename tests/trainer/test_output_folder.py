"""Two runs in one folder at a time."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.files.folder_lock import locked
from lightsernet_trainer.output_folder import output_folder
from tests.edge.cli.class_folders import write_folders
from tests.places import CLIP_FILES


def test_a_folder_left_empty_is_removed(tmp_path: Path) -> None:
    with output_folder(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()
    assert list(tmp_path.iterdir()) == []
    with output_folder(tmp_path / "a" / "b"):
        (tmp_path / "a" / "b" / "model").touch()
    assert (tmp_path / "a" / "b" / "model").exists()


def test_errors_of_the_work_come_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), output_folder(tmp_path):
        (tmp_path / "absent").read_bytes()


@pytest.mark.parametrize(
    "verb", [("train", "--test-share", "0.5"), ("crossval", "--folds", "2", "--protocol", "random")]
)
def test_a_second_run_is_refused(
    verb: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if find_spec("keras") is None:
        pytest.skip("the extra train is not installed")
    data = write_folders(tmp_path / "data", {"calm": 2, "loud": 2}, CLIP_FILES[0])
    out = tmp_path / "out"
    out.mkdir()
    words = [*verb, "--dataset", "folders", "--data", str(data), "--out", str(out)]
    with locked(out):
        assert main([*words, "--epochs", "1", "--width", "0.05"]) == 2
    line = capfd.readouterr().err.splitlines()[-1]
    assert line.startswith(f"lightsernet-edge: error: --out: another run is at work in {out}")
    assert list(out.iterdir()) == []
