"""The files of the C99 engine, which are package data, and the compiler's flags for them."""

from __future__ import annotations

from pathlib import Path

ENGINE = Path(__file__).parent / "engine"


def engine_sources() -> list[Path]:
    """Return the engine's C files, sorted by name."""
    return sorted((ENGINE / "src").glob("*/*.c"), key=lambda path: path.name)


def engine_headers() -> list[Path]:
    """Return the engine's headers, the public ones first."""
    return [*public_headers(), *sorted((ENGINE / "src").glob("*/*.h"), key=lambda path: path.name)]


def public_headers() -> list[Path]:
    """Return the headers that a program includes."""
    return sorted((ENGINE / "include").glob("*.h"))


def engine_files() -> list[Path]:
    """Return the engine's C files and headers."""
    return [*engine_sources(), *engine_headers()]


def include_flags() -> list[str]:
    """Return the include flags for the public headers and for the engine's own.

    An ``#include`` names a header without its folder, so that an export can keep all in one.
    """
    folders = sorted({path.parent for path in engine_headers()})
    return [f"-I{folder}" for folder in folders]
