"""``export --format c``: a folder that builds where nothing else of this project is."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.model_file import ModelFile, write_model
from lightsernet_edge.model_record import DecisionDefaults
from lightsernet_firmware.host_stream import HostModel

EXAMPLE = Path(__file__).parents[2] / "examples" / "firmware_minimal"
STRICT = "-std=c99 -O2 -Wall -Wextra -Wconversion -Wshadow -Wundef -pedantic -Werror"
# Where an exported folder must not look for anything.
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}


@pytest.fixture(scope="module")
def exported(smallest: ModelFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere") / "exported"
    assert main(["export", str(smallest.path), "--format", "c", "--out", str(folder)]) == 0
    return folder


def test_the_example_builds_and_runs(exported: Path, tmp_path: Path) -> None:
    assert len((EXAMPLE / "main.c").read_text().splitlines()) < 60
    for name in ("main.c", "Makefile"):
        shutil.copy(EXAMPLE / name, tmp_path / name)
    subprocess.run(
        ["make", f"EXPORT={exported}", f"CFLAGS={STRICT}"],
        cwd=tmp_path,
        env=CLEAN_ENVIRONMENT,
        check=True,
        capture_output=True,
    )
    done = subprocess.run(
        [tmp_path / "firmware"], capture_output=True, text=True, check=True, timeout=60
    )
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
    subprocess.run(
        ["make", "-C", str(EXAMPLE), f"EXPORT={folder}", "-n"], check=True, capture_output=True
    )
    for name in ("main.c", "Makefile"):
        shutil.copy(EXAMPLE / name, tmp_path / name)
    subprocess.run(["make", f"EXPORT={folder}"], cwd=tmp_path, check=True, capture_output=True)
    assert subprocess.run([tmp_path / "firmware"], check=False, timeout=60).returncode == 2


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
