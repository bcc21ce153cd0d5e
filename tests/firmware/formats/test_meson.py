"""``export --format meson``: by itself, installed, and a subproject of another."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from lightsernet_edge._version import __version__
from lightsernet_edge.cli import main
from lightsernet_edge.model.file import ModelFile
from tests.firmware.formats.emulators import needs, run

pytestmark = needs("meson", "ninja")

MESON = shutil.which("meson")
ENVIRONMENT = {"PATH": f"{Path(MESON or sys.executable).parent}:/usr/bin:/bin"}
STRICT = "-Dc_args=-Wall -Wextra -Wconversion -Wshadow -Wundef -pedantic -Werror"


@pytest.fixture(scope="module")
def exported(smallest: ModelFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere") / "exported"
    assert main(["export", str(smallest.path), "--format", "meson", "--out", str(folder)]) == 0
    return folder


def meson(*arguments: object) -> str:
    return run("meson", *arguments, env=ENVIRONMENT)


def test_by_itself_and_installed(exported: Path, smallest: ModelFile, tmp_path: Path) -> None:
    build, there = tmp_path / "build", tmp_path / "there"
    meson("setup", build, exported, f"--prefix={there}", "--libdir=lib", STRICT)
    meson("compile", "-C", build)
    assert "self_test" in meson("test", "-C", build, "--no-rebuild")
    meson("install", "-C", build, "--no-rebuild")
    # What was installed is enough: the build is gone.
    shutil.rmtree(build)
    found = {"PKG_CONFIG_PATH": str(there / "lib" / "pkgconfig"), **ENVIRONMENT}
    if shutil.which("pkg-config"):
        version = run("pkg-config", "--modversion", "lightsernet", env=found).strip()
        assert version == __version__
        flags = run("pkg-config", "--cflags", "--libs", "lightsernet", env=found).split()
        program = tmp_path / "theirs"
        run("gcc", exported / "example" / "example.c", *flags, "-o", program)
        assert smallest.record.sha256 in run(program)


def test_as_a_subproject(exported: Path, smallest: ModelFile, tmp_path: Path) -> None:
    theirs, build = tmp_path / "theirs", tmp_path / "build"
    shutil.copytree(exported / "example", theirs)
    shutil.copytree(exported, theirs / "subprojects" / "lightsernet")
    meson("setup", build, theirs, "--wrap-mode=nodownload")
    meson("compile", "-C", build)
    assert smallest.record.sha256 in run(build / "example")
    # Its test is no part of somebody else's project.
    assert not list(build.rglob("*self_test"))
