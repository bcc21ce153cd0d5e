"""A model file whose record can be replaced, what a record holds, and damage to a file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

SCORE = {"protocol": "p", "precision": "int8", "ua": 0.5, "wa": 0.5, "f1": 0.5, "clips": 1}
DATA: dict[str, object] = {
    "name": "emodb",
    "licence": None,
    "source": None,
    "clips": 1,
    "speakers": [],
}


@dataclass(frozen=True, repr=False)
class SealedModel:
    """A model file's content, in which another record can be put.

    Attributes
    ----------
    content : bytes
        The record in front, then the model's own bytes.
    bare : bytes
        The model's own bytes.
    """

    content: bytes
    bare: bytes

    def __repr__(self) -> str:
        return f"{len(self.content)} bytes, {len(self.bare)} of them the model's"

    @property
    def head(self) -> int:
        """Number of bytes in front of the model's own."""
        return len(self.content) - len(self.bare)

    @property
    def record(self) -> dict[str, Any]:
        """The record as JSON values."""
        start, end = self._place()
        record: dict[str, Any] = json.loads(self.content[start:end])
        record["tools"] = {}
        return record

    def with_text(self, text: bytes) -> bytes:
        """Return the file with `text` in place of the record, filled up with spaces."""
        start, end = self._place()
        assert len(text) <= end - start
        return self.content[:start] + text.ljust(end - start) + self.content[end:]

    def with_record(self, **changes: object) -> bytes:
        """Return the file with fields of its record changed."""
        return self.with_text(json.dumps({**self.record, **changes}).encode())

    def _place(self) -> tuple[int, int]:
        start = self.content.index(b'{\n "schema"')
        text = self.content[start : self.head].decode("latin-1")
        return start, start + json.JSONDecoder().raw_decode(text)[1]


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def last_byte_flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])
