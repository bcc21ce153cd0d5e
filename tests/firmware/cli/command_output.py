"""What a verb prints with ``--json``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lightsernet_edge.cli import main


def json_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main([*arguments, "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    facts: dict[str, Any] = json.loads(line)
    return facts
