"""``arduino``: a library, with sketches."""

from __future__ import annotations

from ...firmware_model import FirmwareModel
from ..page import page_values
from ..templates import filled
from .c import sources

# An Arduino library cannot choose the compiler's flags, and GCC fuses multiplications and
# additions unless told otherwise: the front end would not give the bits that were tested.
_FLAGS = b"""\
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=off")
#elif defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif
"""


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder."""
    files = {
        path: _FLAGS + content if path.endswith(".c") else content
        for path, content in sources(model, "src", "src/engine", "src", "src").items()
    }
    own = filled(name, page_values(model))
    if model.listener_ram_bytes() is None:
        # Only a listener takes what a microphone gives.
        own = {path: content for path, content in own.items() if "/Listen/" not in path}
    return {**files, **own}
