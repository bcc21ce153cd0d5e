"""``info MODEL``: what is in a model and what it costs."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Any

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
        print(json.dumps(facts, ensure_ascii=False))
    else:
        _print_facts(facts, contributors)
    return 0


def _print_facts(facts: dict[str, Any], contributors: Contributors) -> None:
    from rich.table import Table

    from .console import stdout_console

    spec, data = facts["features"], facts["data"]
    table = Table(box=None, show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("model", facts["model"])
    table.add_row("labels", ", ".join(facts["labels"]))
    table.add_row(
        "features",
        f"{spec['name']}: {spec['n_coefficients']} {spec['output']} coefficients, "
        f"{1e3 * spec['frame_length'] / spec['sample_rate']:.0f} ms frames every "
        f"{1e3 * spec['hop_length'] / spec['sample_rate']:.0f} ms at {spec['sample_rate']} Hz, "
        f"level {spec['level']}",
    )
    table.add_row("input", f"{facts['input_shape']}, {facts['precision']}")
    table.add_row("parameters", f"{facts['parameters']:,}")
    table.add_row("work", f"{facts['macs_per_second'] / 1e6:.1f} M MAC per second of audio")
    table.add_row("size", f"{facts['tflite_bytes']:,} bytes as a .tflite")
    rows = contributors.rows()
    if not rows and facts["firmware"] is not None:
        rows = [("firmware", facts["firmware"])]
    for row in rows:
        table.add_row(*row)
    if data is None:
        table.add_row("data", "not recorded")
    else:
        speakers = ", ".join(data["speakers"]) or "unknown"
        table.add_row("data", f"{data['name']}, {data['clips']} clips, speakers {speakers}")
        table.add_row("licence", data["licence"] or "not recorded")
    for score in facts["scores"]:
        table.add_row(
            "score",
            f"UA {score['ua']:.1%}, WA {score['wa']:.1%}, F1 {score['f1']:.1%} "
            f"({score['precision']}, {score['clips']} clips): {score['protocol']}",
        )
    table.add_row("sha256", facts["sha256"])
    console = stdout_console()
    for part in (table, *contributors.tables()):
        console.print(part)
