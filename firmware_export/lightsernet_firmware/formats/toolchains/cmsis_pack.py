"""``cmsis-pack``: a software pack for Arm's tools."""

from __future__ import annotations

from ...firmware_model import FirmwareModel
from ..page import page_values
from ..templates import filled
from .c import sources


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the files of the folder, which is a pack unzipped."""
    files = sources(model)
    listed = "\n".join(
        f'        <file category="{_category(path)}" name="{path}"/>'
        for path in sorted(files)
        if _category(path)
    )
    own = filled(name, {**page_values(model), "FILES": listed})
    return {**files, "model.lsn": model.blob, **own}


def _category(path: str) -> str | None:
    """Return what a file is to a build; None for headers beside the sources that include them."""
    if path.endswith(".c"):
        return "source"
    return "header" if path.startswith(("include/", "model/")) else None
