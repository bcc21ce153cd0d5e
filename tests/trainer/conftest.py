"""A server of the made-up EMO-DB, and the folder that it is fetched to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from download_server import Server


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = Server()
    yield running
    running.close()


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "data" / "emodb"
