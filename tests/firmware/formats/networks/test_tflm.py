"""``export --format tflm``: the array, the operators and the arena beside TFLite Micro's wheel."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lightsernet_edge.audio.recording import as_pcm16, read_recording
from lightsernet_edge.model.file import default_model_path, read_model
from lightsernet_firmware import plan
from lightsernet_firmware.c_export.self_test import made_up_rows
from lightsernet_firmware.host.runner import HostRunner
from tests.firmware.formats.emulators import CLIP, PROGRAMS, export, run

STAND_INS = Path(__file__).parents[1] / "stand_ins" / "tflm"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("tflite_micro", reason="needs tflite-micro")
    return export("tflm", tmp_path_factory.mktemp("elsewhere") / "exported")


def test_the_front_end_gives_the_engines_rows(folder: Path, tmp_path: Path) -> None:
    sources = [*folder.glob("src/*.c"), *folder.glob("front_end/*.c")]
    includes = [f"-I{folder / name}" for name in ("include", "front_end")]
    flags = ("-std=c99", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror")
    program = tmp_path / "program"
    run("gcc", *flags, *includes, *sources, PROGRAMS / "front_end_rows.c", "-lm", "-o", program)
    pcm = as_pcm16(read_recording(CLIP, 16000).samples)
    done = subprocess.run([program], input=pcm.tobytes(), capture_output=True, check=True)
    (wanted,) = HostRunner(plan()).run_samples([pcm])
    assert wanted.features is not None
    assert done.stdout == wanted.features.tobytes()


def words_of(source: str) -> bytes:
    values = [int(word, 16) for word in re.findall(r"0x([0-9A-F]{8})u", source)]
    return np.array(values, "<u4").tobytes()


def test_array_operators_and_self_test(folder: Path, tmp_path: Path) -> None:
    from tflite_micro.python.tflite_micro import runtime

    file = read_model(default_model_path())
    network = words_of((folder / "network" / "network.c").read_text())
    assert network[: len(file.model)] == file.model
    header = (folder / "network" / "network_operators.h").read_text()
    arena = int(re.findall(r"kNetworkArenaBytes = (\d+)", header)[0])
    # With the arena that the header names, and with no smaller one.
    interpreter = runtime.Interpreter.from_bytes(network, arena_size=arena)
    with pytest.raises(RuntimeError):
        runtime.Interpreter.from_bytes(network, arena_size=arena - 1024)
    shape = file.graph.input.shape
    interpreter.set_input(made_up_rows(shape[1], shape[2]).reshape(shape), 0)
    interpreter.invoke()
    posteriors = [int(value) for value in interpreter.get_output(0).ravel()]
    program = tmp_path / "program"
    sources = (PROGRAMS / "network_parts.cpp",)
    flags = ("-std=c++14", "-Wall", "-Wextra", "-Werror", f"-I{STAND_INS}")
    run("g++", *flags, f"-I{folder / 'network'}", *sources, "-o", program)
    for values, believed in ((posteriors, 1), ([posteriors[0] ^ 1, *posteriors[1:]], 0)):
        command = [str(program), *(str(value) for value in values)]
        done = subprocess.run(command, capture_output=True, check=True)
        operators, _, said = done.stdout.decode().partition("\n\n")
        assert set(operators.splitlines()) == {item.name for item in file.graph.operators}
        assert said.split() == [str(believed), str(arena)]
        assert done.stderr == made_up_rows(shape[1], shape[2]).tobytes()


def test_without_the_package_nothing_is_written(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['tflite_micro'] = None\n"
        "from lightsernet_edge.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    command = ["export", "--format", "tflm", "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "tflite-micro" in line
    assert not (tmp_path / "out").exists()
