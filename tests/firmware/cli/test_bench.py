"""``bench`` on the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.errors import InputError
from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware.emulated.board import EmulatedBoard
from lightsernet_firmware.firmware_model import FirmwareModel
from tests.firmware.cli.command_output import json_of


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


@pytest.mark.no_preload
def test_bench_on_the_host(smallest: ModelFile, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("python_speech_features")
    facts = json_of(capsys, "bench", str(smallest.path), "--target", "host")
    # How they compare is for people to read: no test measures time.
    for field in ("network_ms", "front_end_ms", "litert_ms", "python_speech_features_ms"):
        assert facts[field] > 0
    assert facts["front_end_times_faster"] > 0


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
    for part in (
        "--target: found 'z80'",
        "host, cortex-m0plus, cortex-m3, cortex-m4, cortex-m7, cortex-m33, cortex-m55, rv32imc, "
        "rv32imafc, xtensa-lx106",
    ):
        assert part in line
    with pytest.raises(InputError, match="'z80'"):
        EmulatedBoard(FirmwareModel(smallest), "z80")
    assert main(["bench", model, "--target", "cortex-m4"]) == 1
    assert "qemu-system-arm" in capsys.readouterr().err
