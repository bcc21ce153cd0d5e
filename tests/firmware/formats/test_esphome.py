"""``export --format esphome``: ESPHome's own program, and its C++ beside stand-ins."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.features.recipes import recipe
from lightsernet_edge.model.file import ModelFile, write_model
from tests.firmware.formats.emulators import PROGRAMS, export, interpreter_of, needs, run
from tests.firmware.formats.listening import event_lines, spoken_clips

STAND_INS = Path(__file__).parent / "stand_ins"
FLAGS = ("-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror")
# A second waits in the component; this does not.
TOO_MANY = 48_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export("esphome", tmp_path_factory.mktemp("elsewhere") / "exported")


@pytest.fixture(scope="module")
def engine(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """What a C++ program needs of the engine: its include folders and its objects."""
    root = folder / "components" / "lightsernet" / "lightsernet_engine"
    includes = [f"-I{root / name}" for name in ("include", "model")]
    objects = tmp_path_factory.mktemp("objects")
    sources = [*root.glob("src/*.c"), *root.glob("model/*.c")]
    command = ["gcc", "-c", "-std=gnu17", *FLAGS, *includes, f"-I{root / 'src'}", *sources]
    run(*command, cwd=objects)
    return [*includes, *objects.glob("*.o")]


@pytest.fixture(scope="module")
def satellite(folder: Path, engine: list[object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("program") / "satellite"
    component = folder / "components" / "lightsernet"
    includes = [f"-I{STAND_INS / name}" for name in ("esphome", "freertos")]
    sources = [component / "lightsernet_component.cpp", PROGRAMS / "esphome_satellite.cpp"]
    command = ["g++", "-std=gnu++20", *FLAGS, *includes, f"-I{component}", *sources]
    run(*command, *engine, "-lm", "-lpthread", "-o", program)
    return program


def said(program: Path, pcm: Any, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    command = [str(program), *(str(argument) for argument in arguments)]
    return subprocess.run(
        command, input=pcm.tobytes(), capture_output=True, check=True, timeout=120
    )


def test_triggers_and_sensors_say_what_the_stream_says(satellite: Path) -> None:
    pcm = spoken_clips(7)
    wanted = []
    for line in event_lines(pcm):
        start, end, label, probability = line.split()
        wanted.append((label, probability, float(end) - float(start)))
    done = said(satellite, pcm)
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    for kind in ("utterance", "emotion"):
        found = [line[1:] for line in lines if line[0] == kind]
        heard = [item for item in wanted if kind == "utterance" or item[0] != "uncertain"]
        assert [tuple(line[:2]) for line in found] == [item[:2] for item in heard]
        lengths = [float(line[2]) for line in found]
        assert lengths == pytest.approx([item[2] for item in heard], abs=0.011)
    log = done.stderr.decode()
    assert "self-test ok" in log
    assert [line for line in event_lines(pcm) if f"lightsernet: {line}" not in log] == []


def test_what_does_not_fit_is_counted_and_reported(satellite: Path) -> None:
    pcm = spoken_clips(1)
    log = said(satellite, pcm, TOO_MANY).stderr.decode()
    assert f"{TOO_MANY} samples lost" in log
    (line,) = event_lines(np.concatenate([np.zeros(TOO_MANY, np.int16), pcm]))
    found = re.findall(r"lightsernet: ([\d.]+) ([\d.]+) \w+ [\d.]+$", log, re.MULTILINE)
    # Times include what was lost.
    assert len(found) == 1
    assert [float(time) for time in found[0]] == pytest.approx(
        [float(time) for time in line.split()[:2]], abs=0.1
    )


def test_a_model_without_a_listener_is_refused(
    smallest: ModelFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "whole.tflite", tmp_path / "out"
    coefficients = smallest.record.features.n_coefficients
    features = dataclasses.replace(recipe("light-sernet"), n_coefficients=coefficients)
    write_model(path, smallest.model, dataclasses.replace(smallest.record, features=features))
    assert main(["export", str(path), "--format", "esphome", "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{path}: the model has no listener" in line
    assert not out.exists()


def esphome(folder: Path, *arguments: str, program: tuple[str, ...] = ("esphome",)) -> Any:
    """Run ESPHome in a folder, with no network and no home."""
    return subprocess.run(
        [shutil.which(program[0]) or program[0], *program[1:], *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "PLATFORMIO_CORE_DIR": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    shutil.copytree(folder, tmp_path / "copied")
    return tmp_path / "copied"


@pytest.mark.targets
@needs("esphome")
def test_esphome_accepts_the_example_and_writes_its_project(copied: Path) -> None:
    done = esphome(copied, "config", "example.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Configuration is valid!" in done.stdout + done.stderr
    done = esphome(copied, "compile", "--only-generate", "example.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    source = copied / ".esphome" / "build" / "emotion-satellite" / "src"
    component = source / "esphome" / "components" / "lightsernet"
    # The engine stays where it is: ESP-IDF builds it as a component of its own.
    assert {path.name for path in component.iterdir()} == {
        "lightsernet_component.cpp",
        "lightsernet_component.h",
    }
    engine = copied / "components" / "lightsernet" / "lightsernet_engine"
    manifest = (source / "idf_component.yml").read_text()
    assert re.search(rf"^  lightsernet_engine:\n    path: {engine}$", manifest, re.MULTILINE)
    assert (engine / "CMakeLists.txt").is_file()
    assert "Automation<std::string, float, float>" in (source / "main.cpp").read_text()


@pytest.mark.targets
@needs("esphome")
@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("i2s_din_pin: GPIO6", "i2s_din_pin: GPIO99", "Invalid pin number: 99"),
        ("  on_emotion:", "  on_anger:", "[on_anger] is an invalid option for [lightsernet]"),
        ("sample_rate: 16000", "sample_rate: 44100", "16000"),
        ("type: esp-idf", "type: arduino", "esp-idf"),
        ("microphone: mic\n", "microphone: nobody\n", "Couldn't find ID 'nobody'"),
    ],
)
def test_mistakes_get_esphomes_own_words(copied: Path, old: str, new: str, wanted: str) -> None:
    example = copied / "example.yaml"
    text = example.read_text()
    assert text.count(old) == 1
    example.write_text(text.replace(old, new))
    done = esphome(copied, "config", "example.yaml")
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert "Traceback" not in said
    assert any(wanted in line for line in said.splitlines()), said


@pytest.mark.targets
@needs("esphome")
def test_esphomes_own_code_runs_it(copied: Path, engine: list[object], tmp_path: Path) -> None:
    host = PROGRAMS / "esphome_host"
    shutil.copytree(host, copied, dirs_exist_ok=True)
    program = (interpreter_of("esphome"), "esphome_on_host.py")
    done = esphome(copied, "compile", "--only-generate", "host.yaml", program=program)
    assert done.returncode == 0, done.stdout + done.stderr
    source = copied / ".esphome" / "build" / "satellite" / "src"
    # Audio files, of which nothing is used, want libraries of their own.
    sources = [path for path in source.rglob("*.cpp") if not path.name.startswith("audio_")]
    command = ["g++", "-std=gnu++20", "-fno-exceptions", "-DUSE_HOST", f"-I{source}"]
    command += ["-DESPHOME_LOG_LEVEL=ESPHOME_LOG_LEVEL_DEBUG", f"-I{STAND_INS / 'freertos'}"]
    run(*command, *sources, *engine, "-lm", "-lpthread", "-o", tmp_path / "program")
    pcm = spoken_clips()
    done = subprocess.run(
        [tmp_path / "program"], input=pcm.tobytes(), capture_output=True, check=True, timeout=120
    )
    log = done.stdout.decode()
    assert "self-test ok" in log
    wanted = []
    for line in event_lines(pcm):
        _, _, label, probability = line.split()
        wanted += [f"text {label}", f"percent {100 * float(probability):.1f}"]
        wanted += [f"{kind} {label} {probability}" for kind in ("utterance", "emotion")]
    found = re.findall(r"\[main:\d+\]: (.*?)(?:\x1b\[0m)?$", log, re.MULTILINE)
    assert found == wanted
