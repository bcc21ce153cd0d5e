"""``export --format platformio``: PlatformIO's manifest, its own check of it, and a build."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from lightsernet_edge._version import __version__
from lightsernet_edge.cli import main
from lightsernet_edge.model.file import ModelFile
from tests.firmware.formats.emulators import interpreter_of, needs, run


@pytest.fixture(scope="module")
def library(smallest: ModelFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lib") / "LightSernetEdge"
    command = ["export", str(smallest.path), "--format", "platformio", "--out", str(folder)]
    assert main(command) == 0
    return folder


def test_the_example_builds_as_the_manifest_says(library: Path, tmp_path: Path) -> None:
    manifest = json.loads((library / "library.json").read_text())
    assert manifest["version"] == __version__
    settings = manifest["build"]
    for header in manifest["headers"]:
        assert (library / settings["includeDir"] / header).is_file()
    sources = sorted((library / settings["srcDir"]).rglob("*.c"))
    (example,) = manifest["examples"]
    example_files = [library / example["base"] / name for name in example["files"]]
    assert all(path.is_file() for path in example_files)
    sources += [path for path in example_files if path.suffix == ".c"]
    includes = [f"-I{library / settings[name]}" for name in ("includeDir", "srcDir")]
    run("gcc", *settings["flags"], *includes, *sources, "-lm", "-o", tmp_path / "program")
    assert run(tmp_path / "program").startswith("self-test ok")


def test_the_engine_is_built_for_speed(library: Path) -> None:
    """PlatformIO's frameworks have -Os, its platform `native` nothing; the library's come last."""
    assert "-O2" in json.loads((library / "library.json").read_text())["build"]["flags"]


# The list of licences comes from the network; the one that is named stands in for it.
PACK = """
import sys
from platformio.package.manifest import schema
schema.ManifestSchema.load_spdx_licenses = staticmethod(
    lambda: {"licenses": [{"licenseId": "Apache-2.0"}]}
)
from platformio.__main__ import main
sys.exit(main(["pio", "pkg", "pack", *sys.argv[1:]]))
"""


@pytest.mark.targets
@needs("pio")
def test_platformio_packs_it(library: Path, tmp_path: Path) -> None:
    packed = tmp_path / "library.tar.gz"
    run(
        interpreter_of("pio"),
        "-c",
        PACK,
        library,
        "-o",
        packed,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    with tarfile.open(packed) as archive:
        names = set(archive.getnames())
    wanted = {path.relative_to(library).as_posix() for path in library.rglob("*") if path.is_file()}
    assert wanted - names == {"lightsernet-export.json"}
