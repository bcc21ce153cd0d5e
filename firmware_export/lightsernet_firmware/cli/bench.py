"""``bench MODEL --target T``: what an utterance costs on a target."""

from __future__ import annotations

import argparse
import contextlib
import json
from typing import Any

from lightsernet_edge.cli import options


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "bench",
        help="count the instructions of an utterance on a target",
        description="Count the instructions of one utterance on an emulated core; the count is "
        "the same each time. Instructions are not cycles: memory and pipeline are not emulated.",
    )
    options.add_model(parser, positional=True)
    parser.add_argument(
        "--target",
        metavar="T",
        required=True,
        help="cortex-m0plus, -m3, -m4, -m7, -m33, -m55, rv32imc, rv32imafc or xtensa-lx106; host "
        "measures times on this machine, beside LiteRT's and python_speech_features'",
    )
    parser.add_argument(
        "--optimize",
        metavar="LEVEL",
        default="2",
        choices=("2", "3", "s"),
        help="optimisation of the cross compiler: 2 (default), 3 or s",
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Count and print."""
    from lightsernet_edge.model.file import default_model_path, read_model
    from lightsernet_edge.native_output import held_back

    from ..comparison.benchmark import bench
    from ..firmware_model import FirmwareModel

    model = FirmwareModel(read_model(arguments.model or default_model_path()))
    with contextlib.nullcontext() if arguments.debug else held_back():
        facts = bench(model, arguments.target, f"-O{arguments.optimize}")
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False))
    elif "network_ms" in facts:
        _print_times(facts)
    else:
        _print_facts(facts)
    return 0


def _print_times(facts: dict[str, Any]) -> None:
    from rich.table import Table

    from lightsernet_edge.cli.console import stdout_console

    table = Table(
        box=None,
        header_style="bold",
        title=f"this machine, one thread, kernels {facts['kernels']}, "
        f"{facts['seconds']:.2f} s of audio",
    )
    table.add_column("")
    table.add_column("ms", justify="right")
    for key, name in (
        ("network_ms", "network: native engine"),
        ("litert_ms", "network: LiteRT"),
        ("litert_xnnpack_ms", "network: LiteRT with XNNPACK"),
        ("front_end_ms", "front end: native engine"),
        ("python_front_end_ms", "front end: Python"),
        ("python_speech_features_ms", "front end: python_speech_features"),
    ):
        table.add_row(name, "not measured" if facts[key] is None else f"{facts[key]:.2f}")
    console = stdout_console()
    console.print(table)
    if facts["network_by_xnnpack"] is not None:
        console.print(
            f"network {facts['network_by_xnnpack']:.2f} times the time of XNNPACK "
            "(median of the rounds)",
            highlight=False,
        )
    if facts["front_end_times_faster"] is not None:
        console.print(
            f"front end {facts['front_end_times_faster']:.1f} times faster than "
            "python_speech_features (median of the rounds)",
            highlight=False,
        )


def _print_facts(facts: dict[str, Any]) -> None:
    from rich.table import Table

    from lightsernet_edge.cli.console import stdout_console

    console = stdout_console()
    table = Table(
        box=None,
        header_style="bold",
        title=f"{facts['target']}, {facts['optimization']}, {facts['seconds']:.2f} s of audio: "
        "instructions, which are not cycles",
    )
    for heading in ("", "", "MAC", "instructions", "per MAC"):
        table.add_column(heading, justify="left" if heading == "" else "right")
    for layer in facts["layers"]:
        each = layer["instructions"] / layer["macs"]
        table.add_row(
            layer["name"],
            layer["operation"],
            f"{layer['macs']:,}",
            f"{layer['instructions']:,}",
            f"{each:.2f}",
        )
    macs = sum(layer["macs"] for layer in facts["layers"])
    table.add_row(
        "network",
        "",
        f"{macs:,}",
        f"{facts['network_instructions']:,}",
        f"{facts['instructions_per_mac']:.2f}",
    )
    if facts["front_end_instructions"] is not None:
        table.add_row("front end", "", "", f"{facts['front_end_instructions']:,}", "")
    table.add_row("per second", "", "", f"{facts['instructions_per_audio_second']:,}", "")
    console.print(table)
    console.print(
        f"RAM of a stream {facts['ram_bytes']:,} bytes, stack {facts['stack_bytes']:,}, code "
        f"{facts['text_bytes']:,} with the parts of the C library that it uses",
        highlight=False,
    )
