"""What all formats have in common."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from lightsernet_edge.cli import main
from lightsernet_edge.model.file import ModelFile, default_model_path, read_model
from lightsernet_firmware.board_fit import instructions_per_second
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.formats.registry import FORMATS, Format, format_named
from lightsernet_firmware.formats.templates import fill
from lightsernet_firmware.known_boards import cores
from tests.places import DOCS

OF_ENGINE = [item for item in FORMATS if item.engine]


def test_names_are_different_and_documented() -> None:
    names = [item.name for item in FORMATS]
    assert len(names) == len(set(names))
    page = (DOCS / "guide" / "formats.md").read_text(encoding="utf-8")
    table = page.split("| format |")[1].split("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert [name for row in rows for name in re.findall(r"`([^`]+)`", row)] == names


@pytest.mark.parametrize("item", OF_ENGINE, ids=lambda item: item.name)
def test_each_folder_says_what_it_is_and_tests_itself(
    item: Format, smallest: ModelFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    command = ["export", str(smallest.path), "--format", item.name, "--out", str(out), "--json"]
    assert main(command) == 0
    facts = json.loads(capsys.readouterr().out)
    files = {path for path in out.rglob("*") if path.is_file()}
    assert {Path(name) for name in facts["files"]} == files
    page = (out / "README.md").read_text(encoding="utf-8")
    assert len(page.splitlines()) < 80
    model = FirmwareModel(smallest)
    for said in (
        smallest.record.sha256,
        f"{len(model.blob):,} bytes",
        f"{model.ram_bytes('cortex-m4'):,} bytes",
        "estimated",
        "Apache License",
    ):
        assert said in page
    names = {path.name for path in files}
    # The page's engine is compiled.
    engine = {"engine.wasm"} if item.name == "web" else {"model_metadata.h", "model_self_test.c"}
    assert engine | {"lightsernet-export.json"} <= names
    for path in files:
        text = path.read_bytes()
        assert not re.search(rb"@[A-Z_]{3,}@", text), path
        assert str(Path(__file__).parents[3]).encode() not in text, path


@pytest.mark.parametrize(
    ("name", "cores_of_it"),
    [
        ("c", ("cortex-m4", "cortex-m55")),
        ("pico", ("cortex-m0plus", "cortex-m33")),
        ("esp-idf", ("xtensa-lx7", "rv32imc")),
        ("esphome", ("xtensa-lx7", "rv32imc")),
    ],
)
def test_each_page_has_the_instructions_of_the_cores_that_it_is_for(
    name: str, cores_of_it: tuple[str, ...]
) -> None:
    model = FirmwareModel(read_model(default_model_path()))
    page = format_named(name).contents(model)["README.md"].decode()
    (row,) = (line for line in page.splitlines() if line.startswith("| instructions |"))
    for core in (cores()[key] for key in cores_of_it):
        millions = instructions_per_second(model, core) / 1e6
        assert re.search(rf"\b{millions:.0f} M on {re.escape(core.name)}[,:]", row)
    assert "`lightsernet-edge info --boards`" in row


def test_metadata_is_what_the_record_says(tmp_path: Path) -> None:
    assert main(["export", "--format", "c", "--out", str(tmp_path)]) == 0
    text = (tmp_path / "model" / "model_metadata.h").read_text(encoding="utf-8")
    file = read_model(default_model_path())
    record = file.record
    (score,) = (score for score in record.scores if score.precision == "int8")
    for name, value in (
        ("FILE", f'"{file.path.name}"'),
        ("SHA256", f'"{record.sha256}"'),
        ("SAMPLE_RATE_HZ", f"{record.features.sample_rate}u"),
        ("HOP_SAMPLES", f"{record.features.hop_length}u"),
        ("TFLITE_BYTES", f"{len(file.model)}u"),
        ("SCORE_UA", f"{score.ua:.4f}"),
        ("SCORE_CLIPS", f"{score.clips}u"),
    ):
        assert f"#define MODEL_{name} {value}\n" in text
    labels = ", ".join(f'"{label}"' for label in record.outputs)
    assert f"#define MODEL_LABEL_NAMES {{{labels}}}\n" in text


def test_a_template_with_a_place_that_nothing_fills() -> None:
    assert fill("a @B@ c@d.e", {"B": "b"}) == "a b c@d.e"
    with pytest.raises(KeyError):
        fill("@C@", {"B": "b"})
