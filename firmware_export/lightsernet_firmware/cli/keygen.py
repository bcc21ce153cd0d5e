"""``keygen --out FILE``: a key that updates are signed with."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lightsernet_edge.cli import options
from lightsernet_edge.extras import require


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "keygen",
        help="make a key to sign updates with",
        description="Make a private Ed25519 key, as 'openssl genpkey -algorithm ed25519' does. "
        "It can be read by its owner alone, and is not encrypted: keep it off the network.",
    )
    parser.add_argument(
        "--out", metavar="FILE", required=True, type=options.path, help="a new file, in PEM"
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the key, and print the public one that belongs to it."""
    require("keygen", "sign")
    from lightsernet_edge.files.atomic_write import write_secret

    from ..update.keys import new_private_key, public_bytes, read_private_key

    write_secret(arguments.out, new_private_key())
    public = public_bytes(read_private_key(arguments.out).public_key()).hex()
    if arguments.json:
        print(json.dumps({"file": str(arguments.out), "public_key": public}))
    else:
        print(f"{arguments.out}: a private key; the public one is {public}")
    return 0
