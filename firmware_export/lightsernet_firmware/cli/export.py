"""``export MODEL --format F --out DIR``: a model for a firmware build, or as a page."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lightsernet_edge.cli import options


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "export",
        help="write a model as firmware, or as a page",
        description="Write a full-integer model for a firmware build (c): the engine's C99 "
        "sources, the model as a C array with its header, a self-test, and the same bytes as a "
        "file for updates over the air. Or as a static page that listens in a browser (web).",
    )
    options.add_model(parser, positional=True)
    parser.add_argument(
        "--format", metavar="F", required=True, choices=("c", "web"), help="c or web"
    )
    parser.add_argument(
        "--out", metavar="DIR", required=True, type=options.path, help="folder to write into"
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the files, and print what the model costs."""
    if arguments.format == "web":
        return _write_page(arguments)
    from ..c_export.folder import export
    from ..firmware_model import plan

    written = export(plan(arguments.model), arguments.out)
    facts = {
        "files": [str(path) for path in written.files],
        "ram_bytes": written.ram_bytes,
        "flash_bytes": written.flash_bytes,
    }
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print(
            f"{arguments.out}: {len(written.files)} files; the model takes "
            f"{written.flash_bytes:,} bytes of flash, a stream {written.ram_bytes:,} bytes of RAM"
        )
    return 0


def _write_page(arguments: argparse.Namespace) -> int:
    from ..firmware_model import plan
    from ..web_export.folder import export_web

    model = plan(arguments.model)
    files = export_web(model, arguments.out)
    facts = {
        "files": [str(path) for path in files],
        "ram_bytes": model.ram_bytes("cortex-m4"),
        "flash_bytes": len(model.blob),
    }
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        size = sum(path.stat().st_size for path in files)
        print(
            f"{arguments.out}: {len(files)} files, {size:,} bytes, for any static web server, as "
            f"python3 -m http.server --directory {arguments.out}"
        )
    return 0
