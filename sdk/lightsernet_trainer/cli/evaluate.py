"""``evaluate``: scores a model on labelled data."""

from __future__ import annotations

import argparse
import json
from typing import Any

from lightsernet_edge.cli import options


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "evaluate",
        help="score a model on labelled data",
        description="Score a model on labelled data. Whether the score means anything depends on "
        "what the model was trained on: see its record with 'info'.",
    )
    options.add_model(parser, positional=False)
    options.add_dataset(parser)
    parser.add_argument(
        "--speakers", metavar="A,B,...", type=options.label_list, help="only clips of these"
    )
    options.add_whole(parser)
    options.add_engine(parser)
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Score the model and print the result."""
    from lightsernet_edge.errors import InputError
    from lightsernet_edge.extras import require_trainer

    require_trainer("evaluate")
    from rich.console import Console

    from ..datasets import LAYOUTS, load
    from ..training.evaluation import evaluate, protocol

    recognizer = options.open_recognizer(arguments)
    takes_labels = arguments.dataset in LAYOUTS and LAYOUTS[arguments.dataset].takes_labels
    corpus = load(
        arguments.dataset,
        arguments.data,
        part=arguments.part,
        labels=recognizer.labels if takes_labels else None,
        trainable=False,
    )
    clips = corpus.clips
    if arguments.speakers is not None:
        unknown = sorted(set(arguments.speakers) - set(corpus.speakers))
        if unknown:
            raise InputError(f"--speakers: {unknown[0]!r} is none of {', '.join(corpus.speakers)}")
        clips = tuple(clip for clip in clips if clip.speaker in arguments.speakers)
    scores, _ = evaluate(recognizer, clips, Console(stderr=True), arguments.whole)
    result = {
        "model": str(recognizer.file.path),
        "dataset": corpus.name,
        "protocol": protocol(recognizer.file.record.data, corpus, clips),
        **scores.to_json(recognizer.file.record.emotions),
    }
    if arguments.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _print_result(result)
    return 0


def _print_result(result: dict[str, Any]) -> None:
    from rich.table import Table

    from lightsernet_edge.cli.console import stdout_console

    console = stdout_console()
    console.print(
        f"UA {result['ua']:.1%}  WA {result['wa']:.1%}  F1 {result['f1']:.1%}  "
        f"{result['clips']} clips of {result['dataset']}; {result['protocol']}",
        highlight=False,
    )
    table = Table(box=None, header_style="bold", title="rows: truth, columns: prediction")
    table.add_column("")
    for label in result["labels"]:
        table.add_column(label, justify="right")
    for label, row in zip(result["labels"], result["confusion"], strict=True):
        table.add_row(label, *(str(count) for count in row))
    console.print(table)
    table = Table(box=None, header_style="bold")
    for heading in ("speaker", "clips", "UA", "WA"):
        table.add_column(heading, justify="right")
    for speaker, scores in result["per_speaker"].items():
        table.add_row(
            speaker or "unknown", str(scores["clips"]), f"{scores['ua']:.1%}", f"{scores['wa']:.1%}"
        )
    console.print(table)
