"""``public-key --key FILE --out FILE``: what devices check updates with."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lightsernet_edge.cli import options
from lightsernet_edge.extras import require


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "public-key",
        help="write the public key for devices",
        description="Write the public key that belongs to a private one: as a C header for the "
        "firmware, or as PEM.",
    )
    parser.add_argument(
        "--key",
        metavar="FILE",
        required=True,
        type=options.path,
        help="an Ed25519 key in PEM: a private one, or a public one to convert",
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        required=True,
        type=options.path,
        help="the file to be written: NAME.h or NAME.pem",
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the file."""
    require("public-key", "sign")
    from lightsernet_edge.errors import InputError
    from lightsernet_edge.files.atomic_write import require_other_file, write_atomically

    from ..update.keys import public_bytes, public_header, public_pem, read_public_key

    writers = {".h": public_header, ".pem": public_pem}
    out = arguments.out
    if out.suffix not in writers:
        raise InputError(f"{out}: expected a name that ends with .h or .pem")
    require_other_file(out, arguments.key)
    key = read_public_key(arguments.key)
    write_atomically(out, writers[out.suffix](key))
    public = public_bytes(key).hex()
    if arguments.json:
        print(json.dumps({"file": str(out), "public_key": public}))
    else:
        print(f"{out}: the public key {public}")
    return 0
