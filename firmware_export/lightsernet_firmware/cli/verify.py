"""``verify UPDATE --key FILE``: checks an update as a device does."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lightsernet_edge.cli import options
from lightsernet_edge.extras import require


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "verify",
        help="check a signed update",
        description="Check signature, hash, model and self-test of an update. The status is 1 if "
        "a device would refuse it.",
    )
    parser.add_argument("update", metavar="UPDATE", type=options.path, help="a file that sign made")
    parser.add_argument(
        "--key",
        metavar="FILE",
        required=True,
        type=options.path,
        help="an Ed25519 key in PEM, public or private",
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check the update, and print what is in it."""
    require("verify", "sign")
    from lightsernet_edge.files.foreign_text import printable_text

    from ..update.keys import read_public_key
    from ..update.signed_update import read_update

    update = read_update(arguments.update, read_public_key(arguments.key))
    facts = {
        "file": str(arguments.update),
        "version": update.version,
        "product": update.product,
        "flash_bytes": len(update.blob),
        "labels": list(update.labels),
    }
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False))
        return 0
    labels = ", ".join(printable_text(label) for label in update.labels)
    print(
        f"{arguments.update}: signed; version {update.version} for product {update.product}, "
        f"{len(update.blob):,} bytes of flash: {labels}"
    )
    return 0
