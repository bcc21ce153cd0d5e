"""``export --format cmsis-pack``: the description's own rules, and its schema where it is."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from lightsernet_edge._version import __version__
from lightsernet_edge.cli import main
from lightsernet_edge.model.file import ModelFile
from tests.firmware.formats.emulators import needs, run


@pytest.fixture(scope="module")
def pack(smallest: ModelFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs") / "pack"
    command = ["export", str(smallest.path), "--format", "cmsis-pack", "--out", str(folder)]
    assert main(command) == 0
    return folder


def description(pack: Path) -> Path:
    (found,) = pack.glob("*.pdsc")
    return found


def test_the_description(pack: Path) -> None:
    path = description(pack)
    root = ElementTree.parse(path).getroot()
    vendor, name = root.findtext("vendor"), root.findtext("name")
    # The specification names the file so.
    assert path.name == f"{vendor}.{name}.pdsc"
    assert re.fullmatch(r"[\-_A-Za-z0-9]+", f"{name}")
    release = root.find("releases/release")
    component = root.find("components/component")
    assert release is not None
    assert component is not None
    assert release.get("version") == component.get("Cversion") == __version__
    listed = {item.get("name"): item.get("category") for item in component.iter("file")}
    for file in listed:
        assert (pack / f"{file}").exists()
    sources = {name for name, category in listed.items() if category == "source"}
    assert sources == {path.relative_to(pack).as_posix() for path in pack.rglob("*.c")}
    headers = {name for name, category in listed.items() if category == "header"}
    public = [*pack.glob("include/*.h"), *pack.glob("model/*.h")]
    assert headers == {path.relative_to(pack).as_posix() for path in public}


def test_the_listed_files_are_all_that_a_build_needs(pack: Path, tmp_path: Path) -> None:
    root = ElementTree.parse(description(pack)).getroot()
    sources, includes = [], set()
    for item in root.iter("file"):
        path = pack / f"{item.get('name')}"
        if item.get("category") == "source":
            sources.append(path)
        elif item.get("category") == "include":
            includes.add(path)
        elif item.get("category") == "header":
            includes.add(path.parent)
    (tmp_path / "main.c").write_text(
        '#include "model.h"\n'
        "static uint8_t ram[MODEL_RAM_BYTES] __attribute__((aligned(16)));\n"
        "int main(void) { lsn_model m; lsn_stream *s;\n"
        "  return lsn_model_open(&m, model_blob, MODEL_BLOB_BYTES) != LSN_OK ||\n"
        "    lsn_stream_open(&s, &m, ram, sizeof ram) != LSN_OK || model_self_test(s) != 0; }\n"
    )
    flags = ("-std=c99", "-O2", "-ffp-contract=off")
    folders = [f"-I{folder}" for folder in includes]
    program = tmp_path / "program"
    run("gcc", *flags, *folders, *sources, tmp_path / "main.c", "-lm", "-o", program)
    run(program)


@pytest.mark.targets
@needs("xmllint")
@pytest.mark.skipif(
    "CMSIS_PACK_XSD" not in os.environ, reason="CMSIS_PACK_XSD names no schema (PACK.xsd)"
)
def test_the_schema(pack: Path, tmp_path: Path) -> None:
    schema = shutil.copy(os.environ["CMSIS_PACK_XSD"], tmp_path / "PACK.xsd")
    run("xmllint", "--nonet", "--noout", "--schema", schema, description(pack))
