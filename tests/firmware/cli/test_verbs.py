"""``export``, ``validate``, ``bench`` and ``info`` on the command line, and the native engine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from lightsernet_edge import EmotionRecognizer
from lightsernet_edge.audio.wav import wav_bytes
from lightsernet_edge.cli import main
from lightsernet_edge.engines import names, open_engine
from lightsernet_edge.errors import InputError, MissingDependencyError, ModelError
from lightsernet_edge.model.file import ModelFile
from lightsernet_edge.model.tflite_graph import read_graph
from lightsernet_firmware.emulated.board import EmulatedBoard
from lightsernet_firmware.host.listener import HostListener
from lightsernet_firmware.host.stream import HostModel, library
from lightsernet_firmware.planner.blob import blob_of
from lightsernet_firmware.planner.known_boards import CODE_BYTES, STACK_BYTES
from tests.firmware.planner.networks import SMALLEST, VARIANTS, Network, int8_model
from tests.places import CHECKOUT, GOLDEN

FLOAT32 = GOLDEN / "float32.tflite"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds and less of tones and noise."""
    folder = tmp_path_factory.mktemp("audio")
    random = np.random.default_rng(0)
    for index, samples in enumerate((48_000, 16_001, 1024)):
        pcm = (random.normal(size=samples) * 3000).astype(np.int16)
        (folder / f"{index}.wav").write_bytes(wav_bytes(pcm, 16_000))
    return folder


def json_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    facts: dict[str, Any] = json.loads(line)
    return facts


def test_validate_native(
    smallest: ModelFile, recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = json_of(
        capsys, "validate", str(smallest.path), "--audio", str(recordings), "--engine", "native"
    )
    assert facts["clips"] == facts["identical"] == facts["labels_agree"] == 3
    assert facts["max_lsb"] == 0
    assert facts["features_identical"] > 0.99
    assert facts["features_max_lsb"] <= 1
    assert facts["pcm_labels_agree"] == 3


@pytest.mark.no_preload
@pytest.mark.skipif(not shutil.which("qemu-system-arm"), reason="needs qemu-system-arm")
def test_validate_on_a_board(
    smallest: ModelFile, recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["validate", str(smallest.path), "--audio", str(recordings), "--engine"]
    board, native = (json_of(capsys, *command, engine) for engine in ("cortex-m4", "native"))
    assert {**board, "engine": "native"} == native


def test_validate_cuts_and_pads(
    smallest: ModelFile, recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["validate", str(smallest.path), "--audio", str(recordings), "--seconds", "2"]
    assert json_of(capsys, *command, "--limit", "2")["clips"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engine", "cortex-m3"], "cortex-m3"),
        (["--limit", "0"], "--limit"),
        (["--seconds", "-1"], "--seconds"),
    ],
)
def test_validate_with_wrong_flags(
    arguments: list[str],
    message: str,
    smallest: ModelFile,
    recordings: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = ["validate", str(smallest.path), "--audio", str(recordings), *arguments]
    assert main(command) == 2
    assert message in capsys.readouterr().err


def test_validate_takes_the_files_that_classify_takes(
    smallest: ModelFile, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pcm, rate = soundfile.read(recordings / "1.wav")
    (tmp_path / "sub").mkdir()
    for name in ("a.mp3", "b.ogg", "sub/c.FLAC", "sub/d.wav"):
        soundfile.write(tmp_path / name, pcm, rate)
        assert main(["classify", "--model", str(smallest.path), str(tmp_path / name)]) == 0
    # As macOS leaves it beside a file.
    (tmp_path / "._a.mp3").write_bytes(b"no audio")
    capsys.readouterr()
    facts = json_of(capsys, "validate", str(smallest.path), "--audio", str(tmp_path))
    assert facts["clips"] == 4


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("absent", ["not found", "expected a folder of recordings"]),
        ("notes.txt", ["is a file", "expected a folder of recordings"]),
        (".", ["found no recording", "expected WAV, FLAC, OGG or MP3"]),
    ],
)
def test_validate_without_recordings(
    place: str,
    says: list[str],
    smallest: ModelFile,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "notes.txt").write_text("no audio")
    assert main(["validate", str(smallest.path), "--audio", str(tmp_path / place)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    for part in ("--audio", str(tmp_path / place), *says):
        assert part in line


@pytest.mark.no_preload
@pytest.mark.skipif(not shutil.which("qemu-system-arm"), reason="needs qemu-system-arm")
def test_bench(smallest: ModelFile, capsys: pytest.CaptureFixture[str]) -> None:
    facts = json_of(capsys, "bench", str(smallest.path), "--target", "cortex-m4")
    assert facts["instructions_per_utterance"] == (
        facts["network_instructions"] + facts["front_end_instructions"]
    )
    assert sum(layer["instructions"] for layer in facts["layers"]) == facts["network_instructions"]
    assert facts["ram_bytes"] > 0
    assert facts["text_bytes"] > facts["stack_bytes"] > 0
    assert facts["instructions_per_audio_second"] > 1e6


def test_unknown_targets_are_named_before_what_is_missing(
    smallest: ModelFile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    model = str(smallest.path)
    assert main(["bench", model, "--target", "z80"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    for part in ("--target: found 'z80'", "host, cortex-m4, cortex-m7, cortex-m55"):
        assert part in line
    with pytest.raises(InputError, match="'z80'"):
        EmulatedBoard(smallest, "z80")
    assert main(["bench", model, "--target", "cortex-m4"]) == 1
    assert "qemu-system-arm" in capsys.readouterr().err


@pytest.mark.no_preload
def test_bench_on_the_host(smallest: ModelFile, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("python_speech_features")
    facts = json_of(capsys, "bench", str(smallest.path), "--target", "host")
    # How they compare is for people to read: no test measures time.
    for field in ("network_ms", "front_end_ms", "litert_ms", "python_speech_features_ms"):
        assert facts[field] > 0
    assert facts["front_end_times_faster"] > 0


def test_info_knows_the_ram(smallest: ModelFile, capsys: pytest.CaptureFixture[str]) -> None:
    facts = json_of(capsys, "info", str(smallest.path), "--layers")
    assert facts["ram_bytes"] == facts["ram_bytes_by_target"]["cortex-m4"]
    assert sum(layer["macs"] for layer in facts["layers"]) == facts["macs"]
    assert main(["info", str(smallest.path), "--layers"]) == 0
    assert "stage 1" in capsys.readouterr().out


def test_info_and_export_mean_the_same_flash(
    model_for: Callable[[Network | None], ModelFile],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What is flashed, not the size of the `.tflite`."""
    file = model_for(None)
    exported = json_of(capsys, "export", "--format", "c", "--out", str(tmp_path))
    facts = json_of(capsys, "info", "--boards")
    assert facts["flash_bytes"] == exported["flash_bytes"]
    assert facts["flash_bytes"] == (tmp_path / "model.lsn").stat().st_size
    assert facts["tflite_bytes"] == len(file.model) != facts["flash_bytes"]
    assert {board["flash_needed"] for board in facts["boards"]} == {
        facts["flash_bytes"] + CODE_BYTES
    }
    assert main(["info"]) == 0
    printed = capsys.readouterr().out
    for size in (facts["flash_bytes"], facts["tflite_bytes"]):
        assert f"{size:,} bytes" in printed


def test_info_knows_the_listeners_ram(
    model_for: Callable[[Network | None], ModelFile], capsys: pytest.CaptureFixture[str]
) -> None:
    facts = json_of(capsys, "info", "--boards")
    model = HostModel(blob_of(model_for(None)))
    listener, continuous = (HostListener(model, continuous=mode).ram.size for mode in (0, 1))
    assert facts["listener_ram_bytes"] == listener
    assert facts["continuous_ram_bytes"] == continuous
    assert facts["ram_bytes"] < listener < continuous
    needed = {board["listener_ram_needed"] for board in facts["boards"]}
    assert max(needed) == listener + STACK_BYTES
    # Helium takes less.
    assert all(board["ram_needed"] < board["listener_ram_needed"] for board in facts["boards"])
    assert main(["info", "--boards"]) == 0
    printed = capsys.readouterr().out
    assert f"{listener:,}" in printed
    assert f"{continuous:,}" in printed
    assert "listener" in printed.splitlines()[-len(facts["boards"]) - 1]


def test_the_readme_has_the_figures_of_info(capsys: pytest.CaptureFixture[str]) -> None:
    readme = " ".join((CHECKOUT / "README.md").read_text().split())
    facts = json_of(capsys, "info")
    assert f"a network of {facts['parameters'] / 1000:.0f} thousand parameters" in readme
    assert f"some {facts['ram_bytes'] / 1000:.0f} kB of RAM" in readme
    assert f"{facts['listener_ram_bytes'] / 1000:.0f} kB with a listener" in readme


def test_info_of_what_the_engine_cannot_run(capsys: pytest.CaptureFixture[str]) -> None:
    facts = json_of(capsys, "info", str(FLOAT32), "--boards")
    for name in ("flash_bytes", "ram_bytes", "listener_ram_bytes", "continuous_ram_bytes"):
        assert facts[name] is None, name
    assert "int8.tflite" in facts["firmware"]
    assert facts["tflite_bytes"] > 10**6
    assert main(["info", str(FLOAT32)]) == 0
    assert "flash" not in capsys.readouterr().out


def test_info_says_where_it_fits(
    smallest: ModelFile,
    model_for: Callable[[Network | None], ModelFile],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A quarter of the width is a sixteenth of the weights."""
    fits: dict[str, set[str]] = {}
    for file in (smallest, model_for(VARIANTS[0])):
        facts = json_of(capsys, "info", str(file.path), "--boards")
        fits[str(file.path)] = {board["board"] for board in facts["boards"] if board["fits"]}
        for board in facts["boards"]:
            assert board["flash_needed"] > CODE_BYTES
            assert board["ram_needed"] <= facts["ram_bytes"] + STACK_BYTES
    small, full = fits.values()
    assert full < small
    assert "NUCLEO-L432KC" in small - full
    assert "Blue Pill" not in small
    assert main(["info", str(smallest.path), "--boards"]) == 0
    assert "does not fit" in capsys.readouterr().out


def test_native_engine_classifies_as_litert(smallest: ModelFile, recordings: Path) -> None:
    native, litert = (EmotionRecognizer(smallest.path, engine) for engine in ("native", "litert"))
    for path in sorted(recordings.iterdir())[:2]:
        assert native.classify(path) == litert.classify(path)


def test_native_engine_is_found_and_strict() -> None:
    assert "native" in names()
    model = int8_model(SMALLEST)
    graph = read_graph(model)
    for threads, xnnpack in ((2, False), (1, True)):
        with pytest.raises(InputError, match="native"):
            open_engine(model, graph, "native", threads, xnnpack)
    with pytest.raises(InputError, match="no frame"):
        open_engine(model, graph, "native").invoke(np.empty((0, 40)))


@pytest.mark.no_preload
def test_native_engine_refuses_float_models() -> None:
    from lightsernet_trainer.network.conversion import convert
    from lightsernet_trainer.network.light_sernet import light_sernet

    model = convert(light_sernet(184, 40, 5, 0.25), "float32", [])
    with pytest.raises(ModelError, match="float32, expected full-integer"):
        open_engine(model, read_graph(model), "native")


@pytest.mark.parametrize(
    "command",
    [
        ["export", "MODEL", "--format", "c", "--out", "OUT"],
        ["validate", "MODEL", "--audio", "AUDIO"],
        ["bench", "MODEL", "--target", "host"],
        ["bench", "MODEL", "--target", "cortex-m4"],
        ["classify", "--engine", "native", "--model", "MODEL", "AUDIO/0.wav"],
        ["listen", "--engine", "native", "--model", "MODEL", "--input", "AUDIO/0.wav"],
    ],
    ids=lambda command: " ".join(word for word in command if word.islower()),
)
def test_float_models_are_refused_by_name_with_what_to_do(
    command: list[str], recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"MODEL": FLOAT32, "OUT": tmp_path / "out", "AUDIO": recordings}
    words = []
    for word in command:
        place, slash, rest = word.partition("/")
        words.append(f"{places[place]}{slash}{rest}" if place in places else word)
    assert main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    for part in (f"{FLOAT32}: ", "is float32, expected full-integer int8", "int8.tflite"):
        assert part in line
    assert " --" not in line, "train has no flag that does it"


@pytest.mark.no_preload
def test_no_compiler_is_one_clear_line(
    smallest: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.cache_clear()
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(MissingDependencyError, match=r"no-such-compiler.*apt-get install gcc"):
        EmotionRecognizer(smallest.path, "native")


@pytest.mark.no_preload
def test_a_compiler_that_fails_is_named(
    smallest: ModelFile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library.cache_clear()
    monkeypatch.setenv("CC", "false")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(Exception, match="cannot compile the engine"):
        EmotionRecognizer(smallest.path, "native")
