"""The compiled engines that a platform wheel carries, so that its user needs no compiler.

A wheel for an architecture holds one library for each kind of its processors. The list
beside them says what each needs; the first whose needs the processor meets is taken. A
list made from other sources than those of this package, or a library that is not what the
list says, counts for nothing, and the engine is compiled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lightsernet_edge.engines import processor

from ..engine_files import engine_files
from .cache import digest_of, files_with_names

FOLDER = Path(__file__).with_name("libraries")
LIST = "libraries.json"


@dataclass(frozen=True)
class Variant:
    """A library for one kind of processor.

    Attributes
    ----------
    name : str
        In the name of its file.
    flags : tuple of str
        Of the compiler, besides those of every library.
    needs : tuple of str
        What the processor must have, in Linux's words.
    """

    name: str
    flags: tuple[str, ...]
    needs: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """Name of the library."""
        return f"liblightsernet-{self.name}.so"


_V3 = ("abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe")
_V4 = ("avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl")
# By architecture, the best first; the last runs on all that the wheel is for. The flags choose
# the kernels too.
VARIANTS: dict[str, tuple[Variant, ...]] = {
    "x86_64": (
        Variant(
            "x86-64-v4-vnni",
            ("-march=x86-64-v4", "-mavx512vnni"),
            (*_V3, *_V4, "avx512_vnni"),
        ),
        Variant("x86-64-v3-vnni", ("-march=x86-64-v3", "-mavxvnni"), (*_V3, "avx_vnni")),
        Variant("x86-64-v3", ("-march=x86-64-v3",), _V3),
        Variant("x86-64", ("-march=x86-64",)),
    ),
    "aarch64": (
        # GCC's arm_neon.h has SDOT for Armv8.2 alone; that may use what Armv8.1 brought, too.
        Variant(
            "armv8.2-a-dotprod",
            ("-march=armv8.2-a+dotprod",),
            ("asimd", "asimddp", "asimdrdm", "atomics", "crc32"),
        ),
        Variant("armv8-a", ("-march=armv8-a",)),
    ),
    "armv7l": (Variant("armv7-a", ("-march=armv7-a+fp", "-mfloat-abi=hard")),),
}


def sources_digest() -> str:
    """Return the SHA-256 of the engine's sources in this package."""
    return digest_of(files_with_names(engine_files()))


def list_of_libraries(architecture: str, folder: Path) -> str:
    """Describe the libraries of an architecture, compiled from this package's sources.

    Parameters
    ----------
    architecture : str
        One of `VARIANTS`.
    folder : Path
        Holds the library of each variant.

    Returns
    -------
    str
        The content of the file `LIST`.
    """
    libraries = [
        {
            "file": variant.file_name,
            "needs": list(variant.needs),
            "sha256": _sha256(folder / variant.file_name),
        }
        for variant in VARIANTS[architecture]
    ]
    listed = {"architecture": architecture, "sources": sources_digest(), "libraries": libraries}
    return json.dumps(listed, indent=1) + "\n"


def packaged_library(folder: Path = FOLDER) -> Path | None:
    """Return the library for this processor, or None if the package carries none that fits.

    Parameters
    ----------
    folder : Path
        Where the libraries and their list lie.
    """
    try:
        listed = json.loads((folder / LIST).read_bytes())
        if listed["architecture"] != processor.architecture():
            return None
        name, digest = _first_met(listed["libraries"])
        if listed["sources"] != sources_digest() or _sha256(folder / name) != digest:
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder / name


def _first_met(libraries: Sequence[dict[str, str]]) -> tuple[str, str]:
    features = processor.features()
    for library in libraries:
        if features.issuperset(library["needs"]):
            return library["file"], library["sha256"]
    raise ValueError("no library for this processor")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
