"""``train``: labelled speech in, three model files and their scores out."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import Any

from . import options


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "train",
        help="train a model on labelled speech",
        description="Train Light-SERNet, convert it to float32, float16 and full-integer int8, "
        "and score all three on speakers it has not heard. An interrupted run goes on "
        "where it stopped when the same command is given again.",
    )
    options.add_dataset(parser)
    parser.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="gets models, scores and plots"
    )
    parser.add_argument(
        "--labels", metavar="A,B,...", type=options.label_list, help="classes of a manifest"
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
    settings = parser.add_argument_group("settings (defaults depend on the recipe)")
    for flag, kind, metavar, text in (
        ("--features", str, "RECIPE", "edge (default), light-sernet or psf"),
        ("--input-type", str, "TYPE", "mfcc (default), mel-spectrogram or spectrogram"),
        ("--level", str, "RULE", "none, percentile or running-peak instead of the recipe's"),
        ("--padding", str, "RULE", "fill short clips with zeros, or repeat them"),
        ("--seconds", float, "S", "length of the network's input (default: 3)"),
        ("--loss", str, "NAME", "cross-entropy (default) or focal"),
        ("--gamma", float, "G", "exponent of the focal loss (default: 2)"),
        ("--label-smoothing", float, "X", "share of the label given to all classes"),
        ("--epochs", int, "N", "passes over the data"),
        ("--batch-size", int, "N", "clips a step (default: 32)"),
        ("--learning-rate", float, "X", "highest learning rate"),
        ("--schedule", str, "NAME", "one-cycle or original"),
        ("--width", float, "X", "factor on the number of filters (default: 1)"),
        ("--time-masks", int, "N", "SpecAugment's masks in time"),
        ("--time-mask-frames", int, "N", "their greatest length"),
        ("--mixup", float, "A", "mix pairs of clips, Beta(A, A)"),
        ("--seed", int, "N", "seed of everything random (default: 0)"),
    ):
        settings.add_argument(flag, type=kind, metavar=metavar, help=text)
    settings.add_argument(
        "--standardise",
        action=argparse.BooleanOptionalAction,
        help="give every coefficient mean 0 and deviation 1 over the training clips",
    )
    parser.add_argument(
        "--cache", metavar="WHERE", default="disk", help="features: disk (default), memory or none"
    )
    parser.add_argument(
        "--verbosity",
        metavar="N",
        type=int,
        default=1,
        choices=(0, 1, 2),
        help="0 quiet, 1 progress (default), 2 also a line an epoch",
    )
    parser.add_argument(
        "--restart", action="store_true", help="throw away the run that --out holds"
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train and print the scores."""
    from ..errors import InputError
    from ..extras import require_trainer

    require_trainer("train")
    from rich.console import Console

    from lightsernet_trainer import backend, splits
    from lightsernet_trainer.configuration import DEFAULTS, TrainingConfiguration
    from lightsernet_trainer.datasets import load
    from lightsernet_trainer.feature_store import FeatureStore

    names = [field.name for field in dataclasses.fields(TrainingConfiguration)]
    given = {name: getattr(arguments, name) for name in names}
    given = {name: value for name, value in given.items() if value is not None}
    defaults = DEFAULTS.get(given.get("features", "edge"), {})
    configuration = TrainingConfiguration(**{**defaults, **given})
    configuration.feature_spec()
    corpus = load(arguments.dataset, arguments.data, part=arguments.part, labels=arguments.labels)
    if arguments.test_speakers == ("none",):
        split = splits.train_on_all(corpus)
    elif arguments.test_speakers is not None:
        split = splits.hold_out_speakers(corpus, arguments.test_speakers)
    elif arguments.test_share is not None:
        split = splits.hold_out_share(corpus, arguments.test_share, configuration.seed)
    elif corpus.speakers_known and len(corpus.speakers) > 1:
        speakers = splits.choose_test_speakers(corpus, configuration.seed)
        split = splits.hold_out_speakers(corpus, speakers)
    else:
        raise InputError(
            f"{arguments.data}: not every clip names its speaker, so none can be held out; "
            "give --test-share or --test-speakers none"
        )

    # Progress goes past what is held back of the native libraries' output.
    console = Console(file=os.fdopen(os.dup(2), "w"), quiet=arguments.verbosity == 0)
    folder = arguments.out / "run" / "features"
    store = FeatureStore(configuration.feature_spec(), arguments.cache, folder)
    # Every clip is read before anything is written, and before Keras is imported,
    # which takes seconds.
    store.load([*split.train, *split.test], console)
    with console.status("loading Keras"):
        backend.start()
    from lightsernet_trainer.summary import write_summary
    from lightsernet_trainer.training import train

    if arguments.restart and (arguments.out / "run").is_dir():
        shutil.rmtree(arguments.out / "run")
    result = train(
        corpus,
        split,
        configuration,
        store,
        arguments.out,
        verbosity=arguments.verbosity,
        console=console,
    )
    summary = write_summary(arguments.out, corpus, split, configuration, result)
    if arguments.json:
        print(json.dumps(summary, ensure_ascii=False))
    else:
        _print_summary(summary, arguments.out)
    return 0


def _print_summary(summary: dict[str, Any], out: Path) -> None:
    from rich.table import Table

    from .console import stdout_console

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
