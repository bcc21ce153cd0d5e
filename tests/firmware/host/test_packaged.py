"""The libraries of a platform wheel: which one is taken, and when none is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lightsernet_edge.engines import processor
from lightsernet_firmware.host.packaged import LIST, VARIANTS, list_of_libraries, packaged_library


@pytest.fixture
def carried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a wheel for x86-64 carries, but for the libraries' content."""
    monkeypatch.setattr(processor, "architecture", lambda: "x86_64")
    for variant in VARIANTS["x86_64"]:
        (tmp_path / variant.file_name).write_bytes(variant.name.encode())
    (tmp_path / LIST).write_text(list_of_libraries("x86_64", tmp_path))
    return tmp_path


def has(monkeypatch: pytest.MonkeyPatch, *features: str) -> None:
    monkeypatch.setattr(processor, "features", lambda: frozenset(features))


def test_the_best_that_the_processor_runs_is_taken(
    carried: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    *better, plain = VARIANTS["x86_64"]
    for variant in better:
        has(monkeypatch, "fpu", *variant.needs)
        assert packaged_library(carried) == carried / variant.file_name
        # One feature less, as on a processor of the generation before.
        has(monkeypatch, "fpu", *variant.needs[1:])
        assert packaged_library(carried) == carried / plain.file_name
    has(monkeypatch, "fpu", *(need for variant in better for need in variant.needs))
    assert packaged_library(carried) == carried / better[0].file_name
    has(monkeypatch)
    assert packaged_library(carried) == carried / plain.file_name


def test_the_last_of_each_architecture_runs_everywhere() -> None:
    assert all(variants[-1].needs == () for variants in VARIANTS.values())


@pytest.mark.parametrize(
    "change",
    [
        {"sources": "0" * 64},
        {"architecture": "aarch64"},
        {"libraries": []},
        {"libraries": [{"file": "gone.so", "needs": [], "sha256": ""}]},
        {"libraries": ["liblightsernet.so"]},
        {"libraries": None},
    ],
    ids=str,
)
def test_a_list_that_is_not_this_packages_counts_for_nothing(
    change: dict[str, Any], carried: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(monkeypatch)
    assert packaged_library(carried) is not None
    listed = json.loads((carried / LIST).read_text())
    (carried / LIST).write_text(json.dumps({**listed, **change}))
    assert packaged_library(carried) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"null"])
def test_a_damaged_list_counts_for_nothing(
    content: bytes, carried: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(monkeypatch)
    (carried / LIST).write_bytes(content)
    assert packaged_library(carried) is None


def test_a_damaged_library_counts_for_nothing(
    carried: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(monkeypatch)
    library = packaged_library(carried)
    assert library is not None
    library.write_bytes(library.read_bytes()[:-1])
    assert packaged_library(carried) is None
    library.unlink()
    assert packaged_library(carried) is None


def test_a_checkout_carries_none() -> None:
    assert packaged_library() is None
