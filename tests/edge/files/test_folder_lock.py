"""A folder that one process at a time works in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lightsernet_edge.files.folder_lock import locked

_HOLD = """
import sys; from pathlib import Path; from lightsernet_edge.files.folder_lock import locked
with locked(Path(sys.argv[1])) as is_ours:
    print(is_ours, flush=True); sys.stdin.read()
"""


def test_a_process_that_dies_keeps_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        with locked(tmp_path) as is_ours:
            assert not is_ours
        other.kill()
        other.wait()
        with locked(tmp_path, wait_s=10.0) as is_ours:
            assert is_ours
    assert list(tmp_path.iterdir()) == []


def test_it_is_free_again_after_its_use(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path) as is_ours:
            assert is_ours
            with locked(tmp_path) as is_ours_too:
                assert not is_ours_too


def test_where_the_system_has_no_such_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with locked(tmp_path) as is_ours:
        assert is_ours
