"""``info MODEL``: what is in a model and what it costs."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import Any

from . import options


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "info",
        help="say what is in a model and what it costs",
        description="Say what is in a model: labels, front end, training data, scores, size.",
    )
    options.add_model(parser, positional=True)
    parser.add_argument(
        "--layers", action="store_true", help="what every layer costs in the firmware engine"
    )
    parser.add_argument(
        "--boards",
        action="store_true",
        help="well-known boards, and whether the model fits their memory",
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the model's record and figures."""
    from lightsernet_firmware.planner.figures import planner_figures
    from lightsernet_firmware.planner.known_boards import boards_that_fit

    from ..model.file import default_model_path, read_model

    file = read_model(arguments.model or default_model_path())
    record, graph, spec = file.record, file.graph, file.record.features
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
        # None, with the reason below, for models that the engine cannot run.
        **planner_figures(file, arguments.layers),
        "decision": dataclasses.asdict(record.decision),
        "data": None if record.data is None else vars(record.data),
        "scores": [vars(score) for score in record.scores],
        "tools": dict(record.tools),
        "sha256": record.sha256,
    }
    if arguments.boards:
        facts["boards"] = boards_that_fit(file)
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        _print_facts(facts)
    return 0


def _print_facts(facts: dict[str, Any]) -> None:
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
    if facts["ram_bytes"] is None:
        table.add_row("firmware", facts["firmware"])
    else:
        table.add_row(
            "flash", f"{facts['flash_bytes']:,} bytes of model on a board, as export writes it"
        )
        table.add_row(
            "RAM",
            f"{facts['ram_bytes']:,} bytes a stream, for utterances of any length "
            f"({facts['ram_bytes_by_target']['cortex-m55']:,} with Helium)",
        )
        for key, mode in (
            ("listener_ram_bytes", "a listener, always on, its stream included"),
            ("continuous_ram_bytes", "a listener in continuous mode"),
        ):
            if facts[key] is not None:
                table.add_row("", f"{facts[key]:,} bytes {mode}")
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
    stdout_console().print(table)
    if facts.get("layers"):
        _print_layers(facts["layers"])
    if facts.get("boards"):
        _print_boards(facts["boards"])


def _print_boards(boards: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from .console import stdout_console

    table = Table(
        box=None,
        header_style="bold",
        title="memory alone, in kB used of those there are: flash for model and engine, RAM and "
        "stack of a stream, of a listener; 'bench' counts what the clock must do",
    )
    right = ("clock", "flash", "stream", "listener")
    for heading in ("board", "chip", "core", *right, "memory"):
        table.add_column(heading, justify="right" if heading in right else "left")
    for board in boards:
        used = (
            "none"
            if board[needed] is None
            else f"{-(-board[needed] // 1024)} of {board[there] // 1024}"
            for needed, there in (
                ("flash_needed", "flash_bytes"),
                ("ram_needed", "ram_bytes"),
                ("listener_ram_needed", "ram_bytes"),
            )
        )
        table.add_row(
            board["board"],
            board["chip"],
            board["core"],
            f"{board['clock_mhz']} MHz",
            *used,
            _verdict(board),
        )
    stdout_console().print(table)


def _verdict(board: dict[str, Any]) -> str:
    if not board["fits"]:
        return "does not fit"
    return "fits" if board["listener_fits"] in (True, None) else "a stream fits"


def _print_layers(layers: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from .console import stdout_console

    table = Table(box=None, header_style="bold", title="the firmware engine's plan")
    for heading in ("", "", "rows kept", "padding", "lag", "RAM", "scratch", "weights", "MAC"):
        table.add_column(heading, justify="left" if heading == "" else "right")
    for layer in layers:
        table.add_row(
            layer["name"],
            layer["operation"],
            str(layer["ring_rows"]),
            f"{layer['rows_before']}+{layer['rows_after']}",
            str(layer["lag_rows"]),
            *(f"{layer[key]:,}" for key in ("ring_bytes", "scratch_bytes", "weight_bytes", "macs")),
        )
    stdout_console().print(table)
