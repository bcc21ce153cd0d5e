"""``export --format ethos-u*``: Vela compiles it all for the NPU, and its report is read."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.errors import LightSernetError
from lightsernet_edge.model.file import default_model_path, read_model
from lightsernet_firmware.formats.networks.ethos_u import _report
from tests.firmware.formats.emulators import export, needs
from tests.places import GOLDEN


@pytest.mark.targets
@needs("vela")
@pytest.mark.parametrize(
    "target", ["ethos-u55-128", "ethos-u55-256", "ethos-u65-256", "ethos-u85-256"]
)
def test_every_operator_is_on_the_npu(target: str, tmp_path: Path) -> None:
    folder = export(target, tmp_path / "out")
    page = (folder / "README.md").read_text(encoding="utf-8")
    with (folder / "vela_report.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row["accelerator_configuration"].lower().replace("_", "-") == target
    assert f"{1e3 * float(row['inference_time']):.2f} ms" in page
    assert "on the NPU, 0 on the CPU" in page
    assert read_model(default_model_path()).record.sha256 in page
    assert b"ethos-u" in (folder / "model_vela.tflite").read_bytes()


def test_a_report_that_is_none() -> None:
    for table in ("", "a,b\n1,2\n", "system_config\nx\n"):
        with pytest.raises(LightSernetError, match="report for ethos-u55-128 cannot be read"):
            _report(table, "CPU operators = 0\nNPU operators = 1\n", "ethos-u55-128")


def test_what_cannot_be_compiled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    command = ["export", str(GOLDEN / "float32.tflite"), "--format", "ethos-u55-128"]
    assert main([*command, "--out", str(out)]) == 2
    assert "is float32, expected int8" in capsys.readouterr().err
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    assert main(["export", "--format", "ethos-u55-128", "--out", str(out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "needs Arm's compiler vela" in line
    assert not out.exists()
