"""Files written whole, also where permissions cannot be set."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from lightsernet_edge.files.atomic_write import write_atomically

# What file systems without permissions answer.
_REFUSES_CHMOD = """
#include <errno.h>
#include <sys/stat.h>
int chmod(const char *path, mode_t mode) { errno = EPERM; return -1; }
int fchmod(int file, mode_t mode) { errno = EPERM; return -1; }
int fchmodat(int folder, const char *path, mode_t mode, int flags) { errno = EPERM; return -1; }
"""
_WRITE = """
import sys; from pathlib import Path; from lightsernet_edge.files.atomic_write import *
write_atomically(Path(sys.argv[1]), b"new")
"""


@pytest.fixture(scope="module")
def no_chmod(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Path of a library that refuses every change of permissions."""
    compiler = shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("not installed: gcc")
    folder = tmp_path_factory.mktemp("no_chmod")
    (folder / "no_chmod.c").write_text(_REFUSES_CHMOD)
    library = folder / "no_chmod.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, folder / "no_chmod.c"], check=True)
    return str(library)


@pytest.mark.parametrize("exists", [False, True])
def test_written_where_permissions_cannot_be_set(
    no_chmod: str, exists: bool, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    if exists:
        file.write_bytes(b"old")
    environment = {**os.environ, "LD_PRELOAD": no_chmod}
    done = subprocess.run(
        [sys.executable, "-c", _WRITE, file], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640, 0o666])
def test_permissions_of_a_file_stay(mode: int, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"old")
    file.chmod(mode)
    write_atomically(file, b"new")
    assert stat.S_IMODE(file.stat().st_mode) == mode


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_what_the_umask_leaves(mask: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        write_atomically(tmp_path / "file", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~mask
