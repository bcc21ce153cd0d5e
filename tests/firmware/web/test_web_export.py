"""``export --format web``: the folder."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.features import recipe
from lightsernet_edge.model.file import ModelFile, write_model
from lightsernet_edge.model.record import TrainingData
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.formats.export import export
from lightsernet_firmware.formats.output_folder import LIST_NAME

MOST_BYTES = 1_000_000


def test_the_folder_is_small_and_holds_the_model(exported: Path, shipped: ModelFile) -> None:
    files = {path.name: path.read_bytes() for path in exported.iterdir()}
    assert sum(map(len, files.values())) <= MOST_BYTES
    assert files["model.lsn"] == FirmwareModel(shipped).blob
    facts = json.loads(files["model.json"])
    assert shipped.record.data is not None
    assert facts["sha256"] == shipped.record.sha256
    assert facts["data"]["licence"] == shipped.record.data.licence
    (score,) = (score for score in shipped.record.scores if score.precision == "int8")
    assert facts["score"]["ua"] == score.ua
    readme = files["README.md"].decode()
    assert str(shipped.record.data.licence) in readme


def test_what_is_kept_for_use_without_a_network_is_all(exported: Path) -> None:
    text = (exported / "service-worker.js").read_text()
    (listed,) = re.findall(r"const FILES = \[(.*?)\];", text, re.DOTALL)
    files = {path.name for path in exported.iterdir()}
    # The folder stands for its page; the rest is for who serves it.
    assert set(re.findall(r'"(.*?)"', listed)) == (
        files - {"index.html", "README.md", "service-worker.js", LIST_NAME} | {"./"}
    )


def test_figures(
    exported: Path, shipped: ModelFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "page"
    assert main(["export", "--format", "web", "--out", str(out), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert {Path(name) for name in facts["files"]} == set(out.iterdir())
    assert facts["flash_bytes"] == len(FirmwareModel(shipped).blob)
    # Again, into the same folder, and it is the same to the byte.
    assert main(["export", "--format", "web", "--out", str(out)]) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        path.name: path.read_bytes() for path in exported.iterdir()
    }


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["export", *arguments, "--format", "web"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize("missing", ["clang", "wasm-ld"])
def test_a_missing_tool_is_named_before_anything_is_written(
    missing: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in {"clang", "wasm-ld"} - {missing}:
        (tools / name).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tools))
    out = tmp_path / "page"
    line = refused(["--out", str(out)], capsys)
    assert f"found no {missing}, expected" in line
    assert "apt-get install clang lld" in line
    assert not out.exists()


def test_no_place_to_write(
    exported: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in refused(["--out", str(tmp_path / "file")], capsys)


def test_a_model_that_takes_rows_of_features_is_refused(
    shipped: ModelFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.tflite"
    features = dataclasses.replace(recipe("light-sernet"), mean=None, scale=None)
    write_model(path, shipped.model, dataclasses.replace(shipped.record, features=features))
    out = tmp_path / "page"
    line = refused([str(path), "--out", str(out)], capsys)
    assert line.startswith(
        f"lightsernet-edge: error: {path}: found a model that the engine cannot listen"
    )
    assert not out.exists()


def test_text_of_others_is_written_as_text(
    exported: Path, shipped: ModelFile, tmp_path: Path
) -> None:
    data = TrainingData("a</script>\n{version}", "\ud800", "\udcff\u202e")
    path = tmp_path / "a\n{b}.tflite"
    write_model(path, shipped.model, dataclasses.replace(shipped.record, data=data))
    model = FirmwareModel(
        dataclasses.replace(
            shipped, path=path, record=dataclasses.replace(shipped.record, data=data)
        )
    )
    export(model, tmp_path / "page", "web")
    (tmp_path / "page" / "README.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "page" / "model.json").read_text())["data"]["name"] == data.name
