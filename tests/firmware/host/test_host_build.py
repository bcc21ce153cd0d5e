"""What may stand in CC, and what is said of a compiler that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightsernet_edge.errors import LightSernetError
from lightsernet_firmware.host.build import host_library
from lightsernet_firmware.host.cache import run_tool


@pytest.mark.no_preload
@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("true", "true cannot compile the engine: it reports success, but gave no lib"),
        ("cc 'x", "CC: found .* expected a command"),
        ("no-such-compiler -m64", "'no-such-compiler' is not found"),
        ("{folder}/no-program", "no-program: cannot be run"),
    ],
)
def test_a_compiler_that_is_none_is_named(
    command: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "no-program").write_bytes(b"\0")
    (tmp_path / "no-program").chmod(0o755)
    monkeypatch.setenv("CC", command.format(folder=tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(LightSernetError, match=message):
        host_library()


@pytest.mark.no_preload
def test_a_compiler_may_have_arguments(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    spaced = tmp_path / "my compiler"
    spaced.write_text('#!/bin/sh\nexec gcc "$@"\n')
    spaced.chmod(0o755)
    built = set()
    for command in ("gcc", "gcc -O1", "env gcc", str(spaced), "  "):
        monkeypatch.setenv("CC", command)
        built.add(host_library())
    assert len(built) == 5
    assert all(path.is_file() for path in built)


def test_a_compiler_that_does_not_end_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lightsernet_firmware.host.cache._TIMEOUT_S", 0.01)
    with pytest.raises(LightSernetError, match=r"^sleep: did not end within 0.01 s$"):
        run_tool(["sleep", "60"], "compile the engine")
