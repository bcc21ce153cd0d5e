"""``export MODEL --format F --out DIR``: a model for a firmware build, or as a page."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lightsernet_edge.cli import options


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    from ..formats.registry import FORMATS

    formats = "\n".join(f"  {item.name:<16} {item.writes}" for item in FORMATS)
    parser = subparsers.add_parser(
        "export",
        help="write a model as firmware",
        description="Write a folder that a toolchain takes as it is: the engine's C99 sources,\n"
        "the model as a C array with its headers, a self-test, and the same bytes as a\n"
        "file for updates over the air, with the files of the toolchain's own conventions.",
        epilog=f"formats:\n{formats}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_model(parser, positional=True)
    parser.add_argument("--format", metavar="F", required=True, help="one of those below")
    parser.add_argument(
        "--out", metavar="DIR", required=True, type=options.path, help="folder to write into"
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="write even if the folder holds something that no export wrote; it stays, unless a "
        "file has the same name",
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the files, and print what the model costs."""
    from lightsernet_edge.errors import InputError, MissingDependencyError
    from lightsernet_edge.model.file import default_model_path, read_model

    from ..firmware_model import FirmwareModel
    from ..formats.export import export
    from ..formats.registry import format_named

    # Before a model is read, which may take a while.
    format_named(arguments.format)
    model = FirmwareModel(read_model(arguments.model or default_model_path()))
    try:
        written = export(model, arguments.out, arguments.format, arguments.force)
    except MissingDependencyError as error:
        # A format asks for its tools, as for a folder to write into.
        raise InputError(str(error)) from None
    facts = {
        "files": [str(path) for path in written.files],
        "ram_bytes": written.ram_bytes,
        "flash_bytes": written.flash_bytes,
    }
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False))
        return 0
    cost = ""
    if written.flash_bytes is not None:
        cost = (
            f"; the model takes {written.flash_bytes:,} bytes of flash, "
            f"a stream {written.ram_bytes:,} bytes of RAM"
        )
    print(f"{arguments.out}: {len(written.files)} files{cost}")
    return 0
