"""``export --format cmake``: part of another project, and installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lightsernet_edge._version import __version__
from lightsernet_edge.cli import main
from lightsernet_edge.model.file import ModelFile

pytestmark = pytest.mark.skipif(not shutil.which("cmake"), reason="needs cmake")

# Where an exported folder must not look for anything.
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
STRICT = "-Wall -Wextra -Wconversion -Wshadow -Wundef -pedantic -Werror"
PROGRAM = """
#include <stdio.h>
#include "lightsernet_live.h"
#include "model.h"
#include "model_metadata.h"
static const char *const NAMES[] = MODEL_LABEL_NAMES;
int main(void)
{
    lsn_model model;
    if (sizeof NAMES / sizeof *NAMES != MODEL_LABELS) {
        return 1;
    }
    puts(NAMES[MODEL_LABELS - 1u]);
    return lsn_model_open(&model, model_blob, MODEL_BLOB_BYTES);
}
"""


@pytest.fixture(scope="module")
def exported(smallest: ModelFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere") / "exported"
    assert main(["export", str(smallest.path), "--format", "cmake", "--out", str(folder)]) == 0
    return folder


def run(*command: object) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        env=CLEAN_ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def project(folder: Path, how: str) -> Path:
    """Write somebody's project, which uses the library."""
    folder.mkdir()
    (folder / "main.c").write_text(PROGRAM)
    (folder / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.16)\nproject(theirs C)\n{how}\n"
        "add_executable(theirs main.c)\n"
        "target_link_libraries(theirs PRIVATE lightsernet::lightsernet)\n"
    )
    return folder


def test_by_itself_and_installed(exported: Path, smallest: ModelFile, tmp_path: Path) -> None:
    build, there = tmp_path / "build", tmp_path / "there"
    flags = f"-DCMAKE_C_FLAGS={STRICT}"
    run("cmake", "-S", exported, "-B", build, flags, f"-DCMAKE_INSTALL_PREFIX={there}")
    run("cmake", "--build", build, "--target", "install")
    assert "100% tests passed" in run("ctest", "--test-dir", build)
    assert "self-test ok" in run(build / "lightsernet_self_test")
    # What was installed is enough: the build is gone.
    shutil.rmtree(build)
    theirs = project(tmp_path / "theirs", f"find_package(lightsernet {__version__} REQUIRED)")
    run("cmake", "-S", theirs, "-B", build, f"-DCMAKE_PREFIX_PATH={there}")
    run("cmake", "--build", build)
    assert run(build / "theirs").strip() == smallest.record.labels[-1]


def test_as_a_subdirectory(exported: Path, smallest: ModelFile, tmp_path: Path) -> None:
    theirs = project(tmp_path / "theirs", f"add_subdirectory({exported} lightsernet)")
    build = tmp_path / "build"
    run("cmake", "-S", theirs, "-B", build)
    run("cmake", "--build", build)
    assert run(build / "theirs").strip() == smallest.record.labels[-1]
    # Its test is no part of somebody else's project.
    assert not list(build.rglob("*self_test"))
