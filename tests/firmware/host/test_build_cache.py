"""The cache of compiled engines: damaged, without a place, out of room, or not executable."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lightsernet_edge.errors import LightSernetError
from lightsernet_firmware.host.build import load_library
from lightsernet_firmware.host.cache import cached_build, run_tool

_LOAD = "from lightsernet_firmware.host.stream import library; library().lsn_version()"

pytestmark = pytest.mark.skipif(
    shutil.which(os.environ.get("CC", "cc")) is None, reason="not installed: cc"
)


def build_library(path: Path) -> None:
    source = path.with_suffix(".c")
    source.write_text("int answer(void) { return 42; }\n")
    run_tool(["cc", "-shared", "-fPIC", str(source), "-o", str(path)], "compile", path)


@pytest.mark.no_preload
@pytest.mark.parametrize("kept", [0, 5000, None])
def test_a_damaged_library_is_built_anew(
    kept: int | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    library = cached_build("library.so", [b"a"], build_library)
    whole = library.read_bytes()
    # As a crash leaves it: short; or one bit is not what was written.
    damaged = whole[:kept] if kept is not None else bytes([whole[0] ^ 1]) + whole[1:]
    library.write_bytes(damaged)
    assert cached_build("library.so", [b"a"], build_library) == library
    assert load_library(str(library)).answer() == 42


@pytest.mark.parametrize("checksum", [b"", None])
def test_one_without_its_checksum_is_built_anew(
    checksum: bytes | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    built = []

    def build(path: Path) -> None:
        built.append(path)
        path.write_bytes(b"content")

    path = cached_build("file", [b"a"], build)
    assert cached_build("file", [b"a"], build) == path
    assert len(built) == 1
    beside = path.with_name("file.sha256")
    if checksum is None:
        beside.unlink()
    else:
        beside.write_bytes(checksum)
    assert cached_build("file", [b"a"], build).read_bytes() == b"content"
    assert len(built) == 2


def test_no_home(tmp_path: Path) -> None:
    """As in a container that runs as a number: a user of no name, and no folder of its own."""
    nobody = ["unshare", "-U", "--map-user=54321"]
    if shutil.which("unshare") is None or subprocess.run([*nobody, "true"], check=False).returncode:
        pytest.skip("not permitted: unshare -U")
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "XDG_CACHE_HOME")}
    environment |= {"TMPDIR": str(tmp_path), "CC": "cc -O0"}
    tmp_path.chmod(0o777)
    done = subprocess.run(
        [*nobody, sys.executable, "-c", _LOAD], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("noexec,size=20m", "cannot be loaded .*noexec.* XDG_CACHE_HOME"),
        ("size=16k", "cannot compile the engine: .*No space left on device"),
    ],
)
def test_a_cache_that_cannot_be_used_is_named(options: str, said: str, tmp_path: Path) -> None:
    mount = f"mount -t tmpfs -o {options} tmpfs {tmp_path}"
    namespace = ["unshare", "-m", "sh", "-c"]
    if subprocess.run([*namespace, mount], capture_output=True, check=False).returncode:
        pytest.skip("not permitted: unshare -m")
    code = f"{mount} && exec {sys.executable} -m lightsernet_edge classify --engine native x.wav"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path), "CC": "cc -O0"}
    done = subprocess.run(
        [*namespace, code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("lightsernet-edge: error: ")
    assert re.search(said, line)


def test_the_complaint_is_the_linkers(tmp_path: Path) -> None:
    """Its driver says only that it failed."""
    tool = tmp_path / "tool"
    tool.write_text(
        "#!/bin/sh\necho 'ld: final link failed: memory exhausted' >&2\n"
        "echo 'collect2: error: ld returned 1 exit status' >&2\nexit 1\n"
    )
    tool.chmod(0o755)
    with pytest.raises(LightSernetError, match="memory exhausted"):
        run_tool([str(tool)], "compile the engine")
