"""What a user of the wheel alone has: no TensorFlow, no SciPy, and yet a working command."""

import json
import subprocess
import wave
from pathlib import Path
from typing import Any

import pytest

from lightsernet_edge import EmotionRecognizer
from tests.environments.virtual_environment import VirtualEnvironment

BLOCKED_IMPORTS = Path(__file__).with_name("blocked_imports.py")
LABELS = ["anger", "boredom", "disgust", "fear", "happiness", "sadness", "neutral"]
# Under the names their distributions go by.
HEAVY = {"tensorflow", "tensorflow-cpu", "keras", "scipy", "scikit-learn", "torch", "matplotlib"}
BLOCKED = ["tensorflow", "keras", "scipy", "sklearn"]


def rows_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


def assert_one_line_error(done: subprocess.CompletedProcess[str], status: int) -> str:
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("lightsernet-edge: error: ")
    return done.stderr


def test_nothing_heavy_is_installed(slim: VirtualEnvironment, tmp_path: Path) -> None:
    done = slim.run("-m", "pip", "list", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    versions = {p["name"].lower().replace("_", "-"): p["version"] for p in json.loads(done.stdout)}
    assert not HEAVY & set(versions)
    assert {"lightsernet-edge", "ai-edge-litert"} <= set(versions)
    assert "tflite-runtime" not in versions
    assert int(versions["numpy"].split(".")[0]) >= 2


def test_requirements_agree_with_each_other(slim: VirtualEnvironment, tmp_path: Path) -> None:
    done = slim.run("-m", "pip", "check", cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_classify_prints_a_row_a_clip(
    slim: VirtualEnvironment, sample_clips: list[Path], tmp_path: Path
) -> None:
    rows = rows_of(slim.command("classify", "--json", *sample_clips, cwd=tmp_path))
    recognizer = EmotionRecognizer(engine="litert")
    assert [row["file"] for row in rows] == [str(clip) for clip in sample_clips]
    for row, clip in zip(rows, sample_clips, strict=True):
        with wave.open(str(clip)) as file:
            assert row["end_s"] == pytest.approx(file.getnframes() / file.getframerate(), abs=1e-3)
        assert row["start_s"] == 0.0
        assert list(row["posteriors"]) == LABELS
        assert sum(row["posteriors"].values()) == pytest.approx(1.0, abs=0.2)
        assert row["confidence"] == row["posteriors"][row["label"]]
        assert row["confidence"] == max(row["posteriors"].values())
        # The installed package does what the checkout does.
        expected = recognizer.classify(clip)
        assert row["label"] == expected.label
        assert row["posteriors"] == pytest.approx(expected.posteriors, abs=1e-6)


def test_classify_prints_a_table(
    slim: VirtualEnvironment, sample_clips: list[Path], tmp_path: Path
) -> None:
    done = slim.command("classify", *sample_clips, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert sum(any(label in line for label in LABELS) for line in done.stdout.splitlines()) >= len(
        sample_clips
    )


def test_info_reads_the_model_that_ships(slim: VirtualEnvironment, tmp_path: Path) -> None:
    (facts,) = rows_of(slim.command("info", "--json", cwd=tmp_path))
    assert facts["labels"] == LABELS
    assert facts["precision"] == "int8"
    assert Path(facts["model"]).is_relative_to(slim.python.parents[1])


def test_module_runs_as_the_command_does(slim: VirtualEnvironment, tmp_path: Path) -> None:
    as_module = slim.run("-m", "lightsernet_edge", "--version", cwd=tmp_path)
    as_command = slim.command("--version", cwd=tmp_path)
    assert as_module.returncode == as_command.returncode == 0
    assert as_module.stdout == as_command.stdout != ""


def test_engines_are_found_by_entry_point(slim: VirtualEnvironment, tmp_path: Path) -> None:
    code = "from lightsernet_edge import engines; print(*engines.names())"
    done = slim.run("-c", code, cwd=tmp_path)
    assert done.stdout.split()[:3] == ["litert", "tflite", "tensorflow"], done.stderr


# In the slim environment a forbidden package is missing anyway; in the other one
# an import of it would pass unseen, were it not blocked.
@pytest.mark.parametrize("name", ["slim", "everything"])
@pytest.mark.parametrize("blocked", [BLOCKED, ["sounddevice"]], ids=["heavy", "no-portaudio"])
def test_runtime_does_without(
    blocked: list[str],
    name: str,
    request: pytest.FixtureRequest,
    sample_clips: list[Path],
    tmp_path: Path,
) -> None:
    environment: VirtualEnvironment = request.getfixturevalue(name)
    done = environment.run(BLOCKED_IMPORTS, sample_clips[0], *blocked, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["attempts"] == []
    assert result["statuses"] == [0, 0]
    assert result["row"]["label"] in LABELS
    assert {
        "lightsernet_edge.audio.recording",
        "lightsernet_edge.cli.classify",
        "lightsernet_edge.engines.interpreter",
        "lightsernet_edge.features.front_end",
    } <= set(result["modules"])


def test_import_loads_numpy_alone(slim: VirtualEnvironment, tmp_path: Path) -> None:
    code = """
import json, sys, sysconfig
before = set(sys.modules)
import lightsernet_edge
installed = tuple(sysconfig.get_paths()[key] for key in ("purelib", "platlib"))
names = {
    name.partition(".")[0]
    for name, module in list(sys.modules.items())
    if name not in before and str(getattr(module, "__file__", "")).startswith(installed)
}
print(json.dumps(sorted(names)))
"""
    done = slim.run("-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["lightsernet_edge", "numpy"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--dataset", "emodb", "--data", "data", "--out", "out"],
        ["evaluate", "--dataset", "emodb", "--data", "data"],
        ["crossval", "--dataset", "emodb", "--data", "data", "--out", "out"],
        ["fetch", "emodb", "--to", "out"],
        ["report", "results.json"],
        ["calibrate", "results.json"],
        ["release", "--model", "x.tflite", "--results", "results.json", "--out", "y.tflite"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_trainer_verbs_name_the_extra(
    slim: VirtualEnvironment, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "data" / "wav").mkdir(parents=True)
    line = assert_one_line_error(slim.command(*arguments, cwd=tmp_path), status=1)
    assert 'pip install ".[train]" in a checkout' in line
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["data", "wav"]
