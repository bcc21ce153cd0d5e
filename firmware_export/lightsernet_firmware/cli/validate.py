"""``validate MODEL --audio DIR --engine E``: an engine against TFLite's reference kernels."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from lightsernet_edge.cli import options


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "validate",
        help="compare an engine's integers with TFLite's",
        description="Run the same clips through TFLite's reference kernels and the firmware "
        "engine, on this machine or on an emulated board, and compare the integers.",
    )
    options.add_model(parser, positional=True)
    parser.add_argument(
        "--audio", metavar="DIR", required=True, type=options.path, help="folder of recordings"
    )
    parser.add_argument(
        "--engine",
        metavar="E",
        default="native",
        help="native (default), or a core: cortex-m0plus, -m3, -m4, -m7, -m33, -m55, "
        "rv32imc, rv32imafc or xtensa-lx106",
    )
    parser.add_argument(
        "--reference",
        metavar="R",
        default="litert",
        help="litert (default: its reference kernels), litert-xnnpack or tflite-micro",
    )
    parser.add_argument(
        "--seconds", metavar="S", type=float, help="cut or pad every clip to S seconds"
    )
    parser.add_argument(
        "--limit", metavar="N", type=int, help="compare only N clips, spread evenly over the folder"
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare, print, and return 1 unless all integers are equal."""
    from lightsernet_edge.audio.scan import warned_of_afterwards
    from lightsernet_edge.errors import InputError
    from lightsernet_edge.model.file import default_model_path, read_model

    from ..comparison.validation import validate
    from ..firmware_model import FirmwareModel

    if arguments.limit is not None and arguments.limit < 1:
        raise InputError(f"--limit: found {arguments.limit}, expected a number above 0")
    file = read_model(arguments.model or default_model_path())
    with warned_of_afterwards():
        paths = _recordings_in(arguments.audio)
        if arguments.limit is not None and arguments.limit < len(paths):
            last, count = len(paths) - 1, arguments.limit
            paths = [paths[round(i * last / max(count - 1, 1))] for i in range(count)]
        model = FirmwareModel(file)
        result = validate(model, paths, arguments.engine, arguments.seconds, arguments.reference)
    facts = {
        "model": str(file.path),
        "engine": arguments.engine,
        "reference": arguments.reference,
        "clips": result.clips,
        "identical": result.identical,
        "max_lsb": result.max_lsb,
        "labels_agree": result.labels_agree,
        "lsb_counts": result.lsb_counts,
        "features_identical": result.features_identical,
        "features_max_lsb": result.features_max_lsb,
        "pcm_labels_agree": result.pcm_labels_agree,
        "worst": [
            {"file": name, "difference": difference, "reference": wanted, "engine": found}
            for difference, name, wanted, found in result.worst
        ],
    }
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False))
    else:
        _print_facts(facts, file.record.labels)
    return 0 if result.identical == result.clips else 1


def _recordings_in(folder: Path) -> list[Path]:
    from lightsernet_edge.audio.decoding import FORMATS
    from lightsernet_edge.audio.scan import audio_files_below, require_folder
    from lightsernet_edge.errors import DatasetError, InputError

    try:
        require_folder(folder, "a folder of recordings")
    except DatasetError as error:
        raise InputError(f"--audio {error}") from None
    try:
        paths = audio_files_below(folder)
    except OSError as error:
        raise InputError(
            f"--audio {error.filename or folder}: cannot be read ({error.strerror})"
        ) from None
    if not paths:
        raise InputError(f"--audio {folder}: found no recording, expected {FORMATS}")
    return paths


def _print_facts(facts: dict[str, Any], labels: tuple[str, ...]) -> None:
    from rich.table import Table

    from lightsernet_edge.cli.console import stdout_console

    console = stdout_console()
    clips = facts["clips"]
    console.print(
        f"{facts['engine']} against {facts['reference']}, {clips} clips:\n"
        f"the same features: {facts['identical']} clips identical, at most "
        f"{facts['max_lsb']} off, {facts['labels_agree']} labels agree; logits and posteriors by "
        f"difference: {', '.join(f'{lsb}: {n}' for lsb, n in sorted(facts['lsb_counts'].items()))}",
        highlight=False,
    )
    if facts["features_identical"] is None:
        console.print("from samples: not compared, the model's front end needs the whole clip")
        return
    console.print(
        f"from samples: {facts['features_identical']:.3%} of the features identical, at most "
        f"{facts['features_max_lsb']} off, {facts['pcm_labels_agree']} labels agree",
        highlight=False,
    )
    table = Table(
        box=None, header_style="bold", title="from samples: the posteriors that differ most"
    )
    table.add_column("")
    table.add_column("")
    for label in labels:
        table.add_column(label, justify="right")
    for entry in facts["worst"]:
        for who in ("reference", "engine"):
            table.add_row(entry["file"], who, *(f"{value:.3f}" for value in entry[who]))
    console.print(table)
