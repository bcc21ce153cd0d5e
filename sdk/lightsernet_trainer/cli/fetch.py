"""The verb `fetch`: get a public data set, checked file by file."""

import argparse
import json

from lightsernet_edge.cli import options


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb's parser."""
    parser = subparsers.add_parser(
        "fetch",
        help="get a public data set",
        description="Get a public data set and check each of its recordings.",
    )
    parser.add_argument("dataset", choices=["emodb"], help="which data set")
    parser.add_argument(
        "--to", type=options.path, required=True, metavar="DIR", help="folder to put it into"
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--url", help="get the archive from this address, not the data set's own")
    source.add_argument(
        "--from",
        dest="archive",
        type=options.path,
        metavar="ZIP",
        help="take this local copy of the archive",
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Fetch the data set and say where it is; return the exit status."""
    from ..datasets.fetch import EMODB_URL, fetch_emodb

    report = fetch_emodb(args.to, url=args.url or EMODB_URL, archive=args.archive)
    if args.json:
        result = {
            "dataset": args.dataset,
            "folder": str(report.folder),
            "files": report.files,
            "bytes": report.bytes,
            "already_there": report.already_there,
        }
        print(json.dumps(result))
    else:
        state = "already complete" if report.already_there else "complete"
        print(f"{report.folder}: {state}, {report.files} recordings checked, {report.bytes} bytes")
    return 0
