"""tflite-runtime 2.14 with NumPy 1.26 gives the integers of ai-edge-litert with NumPy 2."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.environments.virtual_environment import VirtualEnvironment

INT8_OUTPUTS = Path(__file__).with_name("int8_outputs.py")
N_CLIPS = 100
# Their samples do not begin where those of the others do.
PADDED = ("14a07Aa.wav", "14a07Fd.wav", "14a07Na.wav", "14a07Wc.wav")
# The length the file is made for: 184 frames.
FILE_SECONDS = 3.0


def outputs_of_both(
    slim: VirtualEnvironment,
    tflite: VirtualEnvironment,
    clips: Sequence[Path],
    seconds: Sequence[float],
    cwd: Path,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run the same clips in both environments, side by side."""

    def run(environment: VirtualEnvironment) -> dict[str, Any]:
        lengths = ["--seconds", *map(str, seconds)]
        done = environment.run(INT8_OUTPUTS, *lengths, "--clips", *clips, cwd=cwd)
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    with ThreadPoolExecutor(max_workers=2) as pool:
        litert, runtime = pool.map(run, (slim, tflite))
    return litert, runtime


def assert_same(litert: dict[str, Any], runtime: dict[str, Any]) -> None:
    # First of all that two different things are compared.
    assert (litert["interpreters"], runtime["interpreters"]) == (
        ["ai_edge_litert"],
        ["tflite_runtime"],
    )
    assert int(litert["numpy"].split(".")[0]) >= 2
    assert runtime["numpy"].startswith("1.26.")
    assert list(litert["clips"]) == list(runtime["clips"])
    differing = [
        name for name in litert["clips"] if litert["clips"][name] != runtime["clips"][name]
    ]
    assert not differing, {
        name: (litert["clips"][name], runtime["clips"][name]) for name in differing[:3]
    }


def spread(wav: Path, n_clips: int) -> list[Path]:
    """Choose clips at even distances in the order of names, those of `PADDED` among them."""
    others = sorted(path for path in wav.glob("*.wav") if path.name not in PADDED)
    wanted = n_clips - len(PADDED)
    chosen = [others[index * len(others) // wanted] for index in range(wanted)]
    return sorted([*chosen, *(wav / name for name in PADDED)])


def test_environment_has_this_interpreter_alone(tflite: VirtualEnvironment, tmp_path: Path) -> None:
    done = tflite.run("-m", "pip", "list", "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    versions = {p["name"].lower().replace("_", "-"): p["version"] for p in json.loads(done.stdout)}
    assert versions["tflite-runtime"].startswith("2.14.")
    assert versions["numpy"].startswith("1.26.")
    assert not {"ai-edge-litert", "tensorflow"} & set(versions)


def test_same_on_a_hundred_clips(
    slim: VirtualEnvironment, tflite: VirtualEnvironment, emodb: Path, tmp_path: Path
) -> None:
    clips = spread(emodb / "wav", N_CLIPS)
    assert len(set(clips)) == N_CLIPS
    litert, runtime = outputs_of_both(slim, tflite, clips, [FILE_SECONDS], tmp_path)
    assert_same(litert, runtime)
    assert len(litert["clips"]) == N_CLIPS
    # Whole utterances, so the input is resized again and again.
    assert len({clip["samples"] for clip in litert["clips"].values()}) > N_CLIPS // 2
    # And a network that heard nothing would agree with itself.
    assert len({clip["label"] for clip in litert["clips"].values()}) > 3
    assert (
        len({tuple(clip["outputs"]["whole"]) for clip in litert["clips"].values()}) > N_CLIPS // 2
    )


def test_same_on_the_sample_clips_at_any_length(
    slim: VirtualEnvironment,
    tflite: VirtualEnvironment,
    sample_clips: list[Path],
    tmp_path: Path,
) -> None:
    # From the shortest that is taken, by way of lengths that halve unevenly in the pools.
    seconds = [0.3, 0.35, 0.5, 0.77, 1.0, 2.5, FILE_SECONDS]
    litert, runtime = outputs_of_both(slim, tflite, sample_clips, seconds, tmp_path)
    assert_same(litert, runtime)


@pytest.mark.parametrize("engine", [["--engine", "tflite"], []], ids=["asked-for", "by-default"])
def test_numpy_2_is_refused_in_one_line(
    slim: VirtualEnvironment,
    tflite: VirtualEnvironment,
    sample_clips: list[Path],
    tmp_path: Path,
    engine: list[str],
) -> None:
    # The real package beside the real NumPy 2: without the check it imports, prints a
    # page, and fails as it makes the interpreter. LiteRT is hidden, or it would be
    # taken by default.
    (packages,) = tflite.python.parents[1].glob("lib/python*/site-packages")
    (tmp_path / "tflite_runtime").symlink_to(packages / "tflite_runtime")
    (tmp_path / "ai_edge_litert.py").write_text("raise ImportError('hidden')\n")
    done = slim.command("classify", *engine, sample_clips[0], cwd=tmp_path, python_path=tmp_path)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("lightsernet-edge: error: ")
    assert "tflite-runtime needs NumPy below 2, found 2." in done.stderr
    assert 'pip install ".[tflite]" in a checkout' in done.stderr
