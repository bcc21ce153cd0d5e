"""The made-up EMO-DB: a server of it, a local copy, and the folder that it is fetched to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trainer.datasets.download_server import Server
from tests.trainer.datasets.made_up_emodb import ENTRIES, zipped


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = Server()
    yield running
    running.close()


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "data" / "emodb"


@pytest.fixture
def local(tmp_path: Path) -> Path:
    """A copy of the archive that the user has already."""
    path = tmp_path / "local.zip"
    path.write_bytes(zipped(ENTRIES))
    return path
