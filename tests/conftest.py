"""Fixtures that all tests share: where the data lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--data",
        default=os.environ.get("LIGHTSERNET_DATA"),
        help="folder that holds emodb/ (default: $LIGHTSERNET_DATA)",
    )


@pytest.fixture(scope="session")
def data_root(pytestconfig: pytest.Config) -> Path:
    """The folder that holds the data sets."""
    option = pytestconfig.getoption("--data")
    if not option:
        pytest.skip("no data: give --data or set LIGHTSERNET_DATA")
    return Path(option)


@pytest.fixture(scope="session")
def emodb(data_root: Path) -> Path:
    """EMO-DB as its archive unpacks: the folder that holds wav/."""
    folder = data_root / "emodb"
    if not (folder / "wav").is_dir():
        pytest.skip(f"EMO-DB is absent: no wav/ in {folder}")
    return folder
