"""The page of the C API lists the calls of both headers, and no others."""

from __future__ import annotations

import re

from lightsernet_firmware.engine_files import ENGINE
from tests.places import DOCS

PAGE = (DOCS / "reference" / "c-api.md").read_text(encoding="utf-8")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CALL = re.compile(r"^[a-z][\w ]*[ *](lsn_\w+)\(", re.MULTILINE)


def test_the_page_lists_every_call() -> None:
    headers = sorted((ENGINE / "include").glob("*.h"))
    declared = [
        name for header in headers for name in _CALL.findall(_COMMENT.sub("", header.read_text()))
    ]
    cells = re.findall(r"^\| (`[^|]*) \|", PAGE, re.MULTILINE)
    listed = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert len(headers) == 2
    assert sorted(listed) == sorted(declared)
