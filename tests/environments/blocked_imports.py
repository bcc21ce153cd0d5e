"""Import the whole runtime and classify while some packages cannot be imported.

    python blocked_imports.py CLIP NAME...

Prints one JSON object: the modules imported, each attempt to import one of the
blocked packages with the place it was made from, and what ``classify`` did.
"""

import contextlib
import importlib
import importlib.abc
import io
import json
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# What serves one verb of an extra, and is imported by that verb alone.
OF_EXTRAS = {
    f"lightsernet_edge.service.{name}" for name in ("wyoming", "stdio", "connection", "connections")
}


class Blocker(importlib.abc.MetaPathFinder):
    """Refuses packages and keeps note, so that a swallowed refusal shows as well."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)
        self.attempts: list[str] = []

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Raise for a blocked package as its import would where it is missing."""
        name = fullname.partition(".")[0]
        if name not in self.names:
            return None
        frames = [f for f in traceback.extract_stack()[:-1] if "importlib" not in f.filename]
        self.attempts.append(f"{fullname} at {frames[-1].filename}:{frames[-1].lineno}")
        if name == "sounddevice":
            # Its package is there; what is missing is the library it loads.
            raise OSError("PortAudio library not found")
        raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def main(clip: str, blocked: Sequence[str]) -> dict[str, Any]:
    """Import and classify; return what happened."""
    blocker = Blocker(blocked)
    sys.meta_path.insert(0, blocker)
    runtime = importlib.import_module("lightsernet_edge")
    modules = [
        module.name
        for module in pkgutil.walk_packages(runtime.__path__, "lightsernet_edge.")
        # Importing __main__ runs the command.
        if module.name not in {"lightsernet_edge.__main__", *OF_EXTRAS}
    ]
    for name in modules:
        importlib.import_module(name)
    command = importlib.import_module("lightsernet_edge.cli").main
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
        status = command(["classify", "--json", clip])
        row = json.loads(stdout.getvalue()) if status == 0 else None
        table_status = command(["classify", clip])
    return {
        "modules": modules,
        "attempts": blocker.attempts,
        "statuses": [status, table_status],
        "row": row,
    }


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2:])))
