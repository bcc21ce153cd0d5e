"""``info MODEL``: what is in a model and what it costs."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from typing import Any

from ..files.foreign_text import json_text, printable_text
from . import options
from .info_contributors import Contributors

# Fields that need a package that plans firmware; null without one.
_FIRMWARE_FIGURES = (
    "flash_bytes",
    "ram_bytes",
    "ram_bytes_by_target",
    "listener_ram_bytes",
    "continuous_ram_bytes",
)
_NO_CONTRIBUTOR = "not planned: no installed package contributes to info"


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "info",
        help="print what is in a model and what it costs",
        description="Print what is in a model: labels, front end, training data, scores, size.",
    )
    options.add_model(parser, positional=True)
    contributors = Contributors(parser)
    options.add_json(parser)
    parser.set_defaults(run=run, contributors=contributors)


def run(arguments: argparse.Namespace) -> int:
    """Print the model's record and figures."""
    from ..model.file import default_model_path, read_model

    file = read_model(arguments.model or default_model_path())
    record, graph, spec = file.record, file.graph, file.record.features
    contributors: Contributors = arguments.contributors
    contributed = contributors.fields(file, arguments)
    frames = graph.input.shape[1]
    facts: dict[str, Any] = {
        "model": str(file.path),
        "labels": list(record.labels),
        "features": spec.to_json(),
        "precision": graph.precision,
        "input_shape": list(graph.input.shape),
        "parameters": graph.parameters,
        "macs": graph.macs,
        "macs_per_second": round(graph.macs * spec.sample_rate / (frames * spec.hop_length)),
        "tflite_bytes": len(file.model),
        **dict.fromkeys(_FIRMWARE_FIGURES),
        "firmware": "; ".join(contributors.failures) or _NO_CONTRIBUTOR,
        **contributed,
        "decision": dataclasses.asdict(record.decision),
        "data": None if record.data is None else vars(record.data),
        "scores": [vars(score) for score in record.scores],
        "tools": dict(record.tools),
        "sha256": record.sha256,
    }
    if arguments.json:
        print(json_text(facts))
    else:
        _print_facts(facts, contributors)
    return 0


def _print_facts(facts: dict[str, Any], contributors: Contributors) -> None:
    from rich.table import Table

    from .console import stdout_console

    table = Table(box=None, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for row in _rows(facts, contributors):
        table.add_row(*map(printable_text, row))
    console = stdout_console()
    for part in (table, *contributors.tables()):
        console.print(part)


def _rows(facts: dict[str, Any], contributors: Contributors) -> Iterator[tuple[str, str]]:
    """Yield what a figure is called, and the figure."""
    spec, data = facts["features"], facts["data"]
    yield "model", facts["model"]
    yield "labels", ", ".join(facts["labels"])
    yield (
        "features",
        f"{spec['name']}: {spec['n_coefficients']} {spec['output']} coefficients, "
        f"{1e3 * spec['frame_length'] / spec['sample_rate']:.0f} ms frames every "
        f"{1e3 * spec['hop_length'] / spec['sample_rate']:.0f} ms at {spec['sample_rate']} Hz, "
        f"level {spec['level']}",
    )
    yield "input", f"{facts['input_shape']}, {facts['precision']}"
    yield "parameters", f"{facts['parameters']:,}"
    yield "work", f"{facts['macs_per_second'] / 1e6:.1f} M MAC per second of audio"
    yield "size", f"{facts['tflite_bytes']:,} bytes as a .tflite"
    rows = contributors.rows()
    if not rows and facts["firmware"] is not None:
        rows = [("firmware", facts["firmware"])]
    yield from rows
    if data is None:
        yield "data", "not recorded"
    else:
        speakers = ", ".join(data["speakers"]) or "unknown"
        yield "data", f"{data['name']}, {data['clips']} clips, speakers {speakers}"
        yield "licence", data["licence"] or "not recorded"
    for score in facts["scores"]:
        yield (
            "score",
            f"UA {score['ua']:.1%}, WA {score['wa']:.1%}, F1 {score['f1']:.1%} "
            f"({score['precision']}, {score['clips']} clips): {score['protocol']}",
        )
    yield "sha256", facts["sha256"]
