"""``sign [MODEL] --key FILE --version N --out FILE``: an update over the air."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lightsernet_edge.cli import options
from lightsernet_edge.extras import require


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "sign",
        help="make a signed update of a model, for devices in the field",
        description="Write a model's blob, with what its self-test must give, as an update that "
        "a device checks before it installs it: examples/ota.",
    )
    options.add_model(parser, positional=True)
    parser.add_argument(
        "--key",
        metavar="FILE",
        required=True,
        type=options.path,
        help="a private Ed25519 key in PEM, of keygen or OpenSSL",
    )
    parser.add_argument(
        "--version",
        metavar="N",
        required=True,
        type=_number,
        help="of the model, from 1 on: devices install only a larger one than they have",
    )
    parser.add_argument(
        "--product",
        metavar="N",
        default=0,
        type=_number,
        help="number of the product that it is for; others refuse it (default: 0)",
    )
    parser.add_argument(
        "--out", metavar="FILE", required=True, type=options.path, help="the update to be written"
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the update."""
    require("sign", "sign")
    from lightsernet_edge.files.atomic_write import require_other_file, write_atomically
    from lightsernet_edge.model.file import default_model_path, read_model

    from ..firmware_model import FirmwareModel
    from ..update.keys import public_bytes, read_private_key
    from ..update.signed_update import signed_update

    key, out = read_private_key(arguments.key), arguments.out
    model = FirmwareModel(read_model(arguments.model or default_model_path()))
    require_other_file(out, arguments.key, model.file.path)
    update = signed_update(model.blob, key, arguments.version, arguments.product)
    write_atomically(out, update)
    facts = {
        "file": str(out),
        "bytes": len(update),
        "version": arguments.version,
        "product": arguments.product,
        "flash_bytes": len(model.blob),
        "public_key": public_bytes(key.public_key()).hex(),
    }
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print(f"{out}: version {arguments.version}, {len(update):,} bytes")
    return 0


def _number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected a whole number") from None
