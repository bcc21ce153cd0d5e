"""``devices``: lists the audio inputs."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
from typing import Any

from . import options


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "devices",
        help="list the audio inputs",
        description="List the audio inputs that listen and enrol can open.",
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """List the audio inputs."""
    from ..capture.microphone import NO_INPUT, find_input, input_devices
    from ..native_output import discarded
    from .messages import print_warning

    with contextlib.nullcontext() if arguments.debug else discarded():
        found = input_devices()
        default = find_input() if found else None
    if default is None:
        print_warning(NO_INPUT)
        return 0
    if arguments.json:
        for device in found:
            is_default = device.index == default.index
            print(json.dumps({**dataclasses.asdict(device), "default": is_default}))
        return 0
    from rich.table import Table

    from .console import stdout_console

    table = Table(box=None, header_style="bold")
    for heading in ("", "name", "rate", "channels"):
        table.add_column(heading, justify="left" if heading == "name" else "right")
    for device in found:
        mark = "*" if device.index == default.index else ""
        rate = f"{device.default_samplerate} Hz"
        table.add_row(f"{mark}{device.index}", device.name, rate, str(device.channels))
    stdout_console().print(table)
    return 0
