"""``export --format c``: a folder that builds where nothing else of this project is."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from lightsernet_edge import EmotionStream
from lightsernet_edge.audio.recording import as_pcm16, read_recording
from lightsernet_edge.cli import main
from lightsernet_edge.model.file import ModelFile, default_model_path, read_model, write_model
from lightsernet_edge.model.record import DecisionDefaults
from lightsernet_firmware.c_export.foreign_text import comment_text
from lightsernet_firmware.host.stream import HostModel
from tests.firmware.engine.host_listener import HostListener
from tests.places import EXAMPLES

MINIMAL = EXAMPLES / "firmware_minimal"
SAMPLE_CLIPS = sorted((EXAMPLES / "clips").glob("*.wav"))
STRICT = "-std=c99 -O2 -Wall -Wextra -Wconversion -Wshadow -Wundef -pedantic -Werror"
# Where an exported folder must not look for anything.
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


@pytest.fixture(scope="module")
def exported(smallest: ModelFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere") / "exported"
    assert main(["export", str(smallest.path), "--format", "c", "--out", str(folder)]) == 0
    return folder


def build(example: Path, exported: Path, folder: Path) -> Path:
    """Build an example in a folder of its own, and return the program."""
    for name in ("main.c", "Makefile"):
        shutil.copy(example / name, folder / name)
    subprocess.run(
        ["make", f"EXPORT={exported}", f"CFLAGS={STRICT}"],
        cwd=folder,
        env=CLEAN_ENVIRONMENT,
        check=True,
        capture_output=True,
    )
    return folder / "firmware"


def test_the_example_builds_and_runs(exported: Path, tmp_path: Path) -> None:
    assert len((MINIMAL / "main.c").read_text().splitlines()) < 60
    program = build(MINIMAL, exported, tmp_path)
    done = subprocess.run([program], capture_output=True, text=True, check=True, timeout=60)
    label, posterior = done.stdout.split()
    assert label.startswith("label")
    assert posterior.endswith("/256")


def test_the_example_fails_where_an_integer_differs(exported: Path, tmp_path: Path) -> None:
    folder = tmp_path / "exported"
    shutil.copytree(exported, folder)
    test = folder / "model" / "model_self_test.c"
    text = test.read_text()
    head, _, tail = text.partition("LOGITS[MODEL_LABELS] = {")
    value, comma, rest = tail.partition(",")
    test.write_text(f"{head}LOGITS[MODEL_LABELS] = {{{int(value) ^ 1}{comma}{rest}")
    program = build(MINIMAL, folder, tmp_path)
    assert subprocess.run([program], check=False, timeout=60).returncode == 2


def test_the_listening_example_says_what_the_stream_says(
    tmp_path: Path,
) -> None:
    exported = tmp_path / "exported"
    assert main(["export", "--format", "c", "--out", str(exported)]) == 0
    program = build(EXAMPLES / "firmware_listener", exported, tmp_path)
    pause = np.zeros(16000, np.int16)
    clips = [as_pcm16(read_recording(clip, 16000).samples) for clip in SAMPLE_CLIPS]
    pcm = np.concatenate([part for clip in clips for part in (clip, pause)])
    with EmotionStream(engine="native") as stream:
        events = [*stream.process(pcm), *stream.finish()]
    done = subprocess.run([program], input=pcm.tobytes(), capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == [
        f"{round(16000 * event.emotion.start_s)} {round(16000 * event.emotion.end_s)} "
        f"{event.emotion.label} {event.emotion.confidence:.3f}"
        for event in events
    ]
    assert len(events) == len(SAMPLE_CLIPS)


def test_the_header_knows_the_ram(tmp_path: Path) -> None:
    main(["export", "--format", "c", "--out", str(tmp_path)])
    model = HostModel((tmp_path / "model.lsn").read_bytes())
    header = (tmp_path / "model" / "model.h").read_text()
    plain = header.partition("#else")[2]
    for name, size in (
        ("MODEL_RAM_BYTES", model.ram_bytes),
        ("MODEL_LISTENER_RAM_BYTES", HostListener(model).ram.size),
        ("MODEL_CONTINUOUS_RAM_BYTES", HostListener(model, continuous=1).ram.size),
    ):
        assert f"#define {name} {size}u\n" in plain


def test_the_page_names_model_and_licences(tmp_path: Path) -> None:
    main(["export", "--format", "c", "--out", str(tmp_path)])
    record = read_model(default_model_path()).record
    page = (tmp_path / "README.md").read_text()
    assert record.sha256 in page
    assert record.data is not None
    assert record.data.licence in page
    for source in [*tmp_path.glob("src/*"), *tmp_path.glob("include/*")]:
        assert source.read_text().startswith("/* SPDX-License-Identifier: Apache-2.0 */\n")


def test_figures(smallest: ModelFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["export", str(smallest.path), "--format", "c", "--out", str(tmp_path), "--json"])
    facts = json.loads(capsys.readouterr().out)
    blob = (tmp_path / "model.lsn").read_bytes()
    assert facts["flash_bytes"] == len(blob)
    assert facts["ram_bytes"] == HostModel(blob).ram_bytes
    assert {Path(name) for name in facts["files"]} == {
        path for path in tmp_path.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize(
    "decision",
    [DecisionDefaults(temperature=1e300), DecisionDefaults(min_seconds=1e308)],
    ids=["temperature", "min_seconds"],
)
def test_numbers_that_a_record_may_hold_and_a_blob_not(
    decision: DecisionDefaults,
    smallest: ModelFile,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "odd.tflite"
    write_model(path, smallest.model, dataclasses.replace(smallest.record, decision=decision))
    says = "expected numbers that fit 32-bit floats"
    assert main(["export", str(path), "--format", "c", "--out", str(tmp_path / "out")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"lightsernet-edge: error: {path}: ")
    assert says in line
    assert main(["info", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert says in facts["firmware"]
    assert facts["flash_bytes"] is None


# Each in a comment of its own would end it, begin another or join two lines; or be no text.
ODD_LABELS = ("calm*/", "a/*b", "/*/", "loud??/", "a|b")
ODD_NAMES = (b"\xff.tflite", b"a\nb.tflite", "\u202e.tflite".encode(), b"*??.tflite")


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_that_somebody_else_chose(name: bytes, smallest: ModelFile, tmp_path: Path) -> None:
    path, out = tmp_path / os.fsdecode(name), tmp_path / "out"
    labels = ODD_LABELS[: len(smallest.record.labels)]
    record = dataclasses.replace(smallest.record, labels=labels)
    write_model(path, smallest.model, record)
    assert main(["export", str(path), "--format", "c", "--out", str(out)]) == 0
    for compiler in ("gcc", "clang"):
        if shutil.which(compiler):
            command = [compiler, *STRICT.split(), f"-I{out / 'include'}", "-c", "model/model.c"]
            subprocess.run([*command, "-o", str(tmp_path / "model.o")], cwd=out, check=True)
    page = (out / "README.md").read_text(encoding="utf-8")
    (line,) = (line for line in page.splitlines() if line.startswith("Written by"))
    assert line.endswith(".tflite`.")
    assert "a\\|b" in page


def test_text_of_others() -> None:
    assert comment_text("a*/b/*c*/") == "a* /b/ *c* /"
    assert comment_text("**//**") == "** // **"
    assert comment_text("??/") == "? ?/"
    assert comment_text("a\nb\r") == "a\\nb\\r"
    assert comment_text(os.fsdecode(b"\xff\xfe.tflite")) == "\\xff\\xfe.tflite"
    assert comment_text("\ud800") == "\\ud800"
    assert comment_text("Ärger 怒り") == "Ärger 怒り"


def test_again_into_the_same_folder(smallest: ModelFile, exported: Path) -> None:
    before = {path: path.read_bytes() for path in exported.rglob("*") if path.is_file()}
    main(["export", str(smallest.path), "--format", "c", "--out", str(exported)])
    assert before == {path: path.read_bytes() for path in exported.rglob("*") if path.is_file()}


def test_no_place_to_write(
    smallest: ModelFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    out = str(tmp_path / "file")
    assert main(["export", str(smallest.path), "--format", "c", "--out", out]) == 2
    assert out in capsys.readouterr().err
