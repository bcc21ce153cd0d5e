"""``train``: labelled speech in, three model files and their scores out."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightsernet_edge.cli import options

from . import training_settings

if TYPE_CHECKING:
    from ..datasets.clip import Corpus
    from ..datasets.splits import Split


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "train",
        help="train a model on labelled speech",
        description="Train Light-SERNet, convert it to float32, float16 and full-integer int8, "
        "and score all three on speakers it was not trained on. An interrupted run goes on "
        "where it stopped when the same command is given again.",
    )
    options.add_dataset(parser)
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=options.path,
        required=True,
        help="gets models, scores and plots",
    )
    parser.add_argument(
        "--labels",
        metavar="A,B,...",
        type=options.label_list,
        help="classes and their order, for folders and manifest (default: those found, sorted)",
    )
    held_out = parser.add_mutually_exclusive_group()
    held_out.add_argument(
        "--test-speakers",
        metavar="A,B,...",
        type=options.label_list,
        help="speakers to hold out, or 'none' (default: a fifth of them)",
    )
    held_out.add_argument(
        "--test-share",
        metavar="X",
        type=float,
        help="hold out this share of the clips at random: speakers on both sides, flattering",
    )
    parser.add_argument(
        "--teacher",
        metavar="MODEL",
        type=options.model,
        help="a larger model of the same front end, trained on the same clips: its answers are "
        "learned as well as the labels",
    )
    training_settings.add_settings(parser)
    parser.add_argument(
        "--cache", metavar="WHERE", default="disk", help="features: disk (default), memory or none"
    )
    parser.add_argument(
        "--verbosity",
        metavar="N",
        type=int,
        default=1,
        choices=(0, 1, 2),
        help="0 quiet, 1 progress (default), 2 also a line per epoch",
    )
    parser.add_argument(
        "--restart", action="store_true", help="throw away the run that --out holds"
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train and print the scores."""
    from lightsernet_edge.extras import require_trainer

    require_trainer("train")
    from rich.console import Console

    from lightsernet_edge.cli.messages import print_warning
    from lightsernet_edge.model.file import read_model

    from ..datasets import load
    from ..training.run import train
    from ..training.summary import write_summary

    configuration = training_settings.configuration(arguments)
    sample_rate = configuration.feature_spec().sample_rate
    corpus = load(arguments.dataset, arguments.data, part=arguments.part, labels=arguments.labels)
    split = _split(arguments, corpus, configuration.seed)
    teacher = training_settings.teacher(arguments, configuration)
    # Progress goes past what is held back of the native libraries' output.
    console = Console(file=os.fdopen(os.dup(2), "w"), quiet=arguments.verbosity == 0)
    result = train(
        corpus,
        split,
        configuration,
        arguments.out,
        noises=training_settings.noises(arguments, sample_rate, "train"),
        cache=arguments.cache,
        draw_limits=training_settings.draw_limits(arguments),
        ordinary=training_settings.ordinary(arguments),
        teacher=None if teacher is None else read_model(teacher),
        restart=arguments.restart,
        verbosity=arguments.verbosity,
        console=console,
    )
    summary = write_summary(arguments.out, corpus, split, configuration, result, print_warning)
    if arguments.json:
        print(json.dumps(summary, ensure_ascii=False))
    else:
        _print_summary(summary, arguments.out)
    return 0


def _split(arguments: argparse.Namespace, corpus: Corpus, seed: int) -> Split:
    """Hold out what the flags say; by default a fifth of the speakers."""
    from lightsernet_edge.errors import InputError

    from ..datasets import splits

    if arguments.test_speakers == ("none",):
        return splits.train_on_all(corpus)
    if arguments.test_speakers is not None:
        return splits.hold_out_speakers(corpus, arguments.test_speakers)
    if arguments.test_share is not None:
        return splits.hold_out_share(corpus, arguments.test_share, seed)
    if corpus.speakers_known and len(corpus.speakers) > 1:
        return splits.hold_out_speakers(corpus, splits.choose_test_speakers(corpus, seed))
    nameless = sum(not clip.speaker for clip in corpus.clips)
    why = "every clip is of one speaker"
    if nameless:
        why = f"{nameless} of {len(corpus.clips)} clips name no speaker"
    raise InputError(
        f"{arguments.data}: {why}, so none can be held out; "
        "give --test-share or --test-speakers none"
    )


def _print_summary(summary: dict[str, Any], out: Path) -> None:
    from rich.table import Table

    from lightsernet_edge.cli.console import stdout_console

    console = stdout_console()
    console.print(f"{summary['protocol']}", highlight=False)
    if summary["scores"]:
        table = Table(box=None, header_style="bold")
        for heading in ("precision", "UA", "WA", "F1", "clips", "bytes"):
            table.add_column(heading, justify="left" if heading == "precision" else "right")
        for precision, scores in summary["scores"].items():
            table.add_row(
                precision,
                *(f"{scores[name]:.1%}" for name in ("ua", "wa", "f1")),
                str(scores["clips"]),
                f"{summary['models'][precision]['bytes']:,}",
            )
        console.print(table)
        console.print(f"int8 and float32 agree on {summary['agreement']:.1%} of the clips")
    console.print(f"models, summary.json and plots are in {out}", highlight=False)
