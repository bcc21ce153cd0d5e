"""``crossval``: what a recipe is worth, by a protocol that is named."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightsernet_edge.cli import options
from lightsernet_edge.model.record import PRECISIONS

from . import training_settings

if TYPE_CHECKING:
    from ..results.result import Result

# Flags whose values are places of this machine.
_PLACES = ("--data", "--out", "--noises", "--ordinary", "--teachers")
_PRECISIONS = (*PRECISIONS, "native")


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "crossval",
        help="cross-validate a recipe by a named protocol",
        description="Train a model for every fold of the data and score it on what it did not "
        "see. Every step is kept in --out: given again, the command goes on where it "
        "stopped, and trains nothing twice.",
    )
    options.add_dataset(parser)
    parser.add_argument(
        "--out",
        metavar="DIR",
        type=options.path,
        required=True,
        help="gets folds, results and report",
    )
    _add_folds(parser)
    _add_scores(parser)
    parser.add_argument(
        "--labels",
        metavar="A,B,...",
        type=options.label_list,
        help="classes and their order, for folders and manifest (default: those found, sorted)",
    )
    _add_execution(parser)
    training_settings.add_settings(parser, takes_seed=False)
    options.add_json(parser)
    parser.set_defaults(run=run)


def _add_folds(parser: argparse.ArgumentParser) -> None:
    """Add what says which folds there are, and how often each is trained."""
    parser.add_argument(
        "--protocol",
        metavar="NAME",
        default="loso",
        help="loso (default): a speaker out at a time; loso-enrol, loso-running: the same, "
        "adapted to the speaker without labels; random: folds that mix speakers; published: "
        "the same, of all epochs the best on the test fold",
    )
    parser.add_argument(
        "--speakers",
        metavar="A,B,...",
        type=options.label_list,
        help="only the folds of these; A+B: one fold that leaves out both",
    )
    parser.add_argument("--folds", metavar="N", type=int, help="of random, published (default: 10)")
    parser.add_argument(
        "--seeds",
        metavar="A,B,...",
        type=_numbers,
        default=(0,),
        help="of the training (default: 0)",
    )
    parser.add_argument(
        "--teachers",
        metavar="DIR",
        dest="teacher",
        type=options.path,
        help="the --out of a cross-validation of a larger network with the same protocol, folds, "
        "seeds and front end: each fold learns what its int8 model there answers",
    )


def _add_scores(parser: argparse.ArgumentParser) -> None:
    """Add what says how a fold's models are scored."""
    parser.add_argument(
        "--precisions",
        metavar="A,B,...",
        type=options.label_list,
        default=PRECISIONS,
        help=f"some of {', '.join(_PRECISIONS)} (default: all but the last)",
    )
    parser.add_argument(
        "--conditions",
        metavar="A,B,...",
        type=options.label_list,
        default=("clean",),
        help="what the audio goes through: clean, gain:DB, noise:NAME:DB, telephone, room, "
        "mp3, mu-law, speed:FACTOR, formants:FACTOR (default: clean)",
    )


def _add_execution(parser: argparse.ArgumentParser) -> None:
    """Add what says how the folds are run."""
    parser.add_argument(
        "--parallel",
        metavar="HOW",
        default="none",
        help="folds one after another (none), in processes (loky), on a dask or ray cluster",
    )
    parser.add_argument(
        "--jobs", metavar="N", type=int, default=2, help="folds at a time (default: 2)"
    )
    parser.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go on where --out stopped (default), or refuse a folder that holds something",
    )


def run(arguments: argparse.Namespace) -> int:
    """Cross-validate and print the pooled scores."""
    from lightsernet_edge.extras import require_trainer

    require_trainer("crossval")
    from rich.console import Console

    from ..conditions import parse_condition
    from ..crossval.folds import make_folds
    from ..crossval.run import CrossValidation, cross_validate
    from ..datasets import load
    from ..report import write_report
    from ..results.file import read_folder

    _check(arguments)
    configuration = training_settings.configuration(arguments)
    sample_rate = configuration.feature_spec().sample_rate
    training_noises = training_settings.noises(arguments, sample_rate, "train")
    test_noises = training_settings.noises(arguments, sample_rate, "test")
    for conditions, noises in (
        (configuration.variants, training_noises),
        (arguments.conditions, test_noises),
    ):
        for name in conditions:
            parse_condition(name, sample_rate, noises)
    corpus = load(arguments.dataset, arguments.data, part=arguments.part, labels=arguments.labels)
    folds = make_folds(corpus, arguments.protocol, arguments.speakers, arguments.folds)
    plan = CrossValidation(
        arguments.protocol,
        configuration,
        arguments.seeds,
        # Given twice, one would be scored twice into one file.
        tuple(dict.fromkeys(arguments.precisions)),
        tuple(dict.fromkeys(arguments.conditions)),
        training_noises,
        test_noises,
        _command(),
        arguments.parallel,
        arguments.jobs,
        training_settings.draw_limits(arguments),
        training_settings.ordinary(arguments),
        training_settings.teacher(arguments, configuration),
    )
    console = Console(stderr=True)
    results = cross_validate(corpus, folds, plan, arguments.out, console)
    if arguments.json:
        for result in results:
            print(json.dumps(_summary(result), ensure_ascii=False))
    else:
        _print_results(results, arguments.out)
    # A manifest's recordings lie beside it, as a rule.
    recordings = arguments.data if arguments.data.is_dir() else arguments.data.parent
    with console.status("writing the report"):
        # With all that --out holds: other protocols and conditions of the same recipe.
        write_report(read_folder(arguments.out), arguments.out / "report.html", recordings)
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Refuse flags that make no sense before anything is read."""
    from lightsernet_edge.errors import InputError

    from ..crossval.parallel import PARALLEL

    for flag, found, allowed in (
        ("--precisions", arguments.precisions, _PRECISIONS),
        ("--parallel", (arguments.parallel,), PARALLEL),
    ):
        for name in found:
            if name not in allowed:
                raise InputError(f"{flag}: found {name!r}, expected some of {', '.join(allowed)}")
    if arguments.jobs < 1:
        raise InputError(f"--jobs: found {arguments.jobs}, expected at least 1")
    if arguments.seed is not None:
        raise InputError(f"--seed: found {arguments.seed}, expected --seeds {arguments.seed}")
    if arguments.out.exists() and not arguments.out.is_dir():
        raise InputError(f"--out: {arguments.out} is a file, expected a folder")
    if not arguments.resume and arguments.out.exists() and any(arguments.out.iterdir()):
        raise InputError(f"--out: {arguments.out} holds something, expected a new folder")


def _numbers(text: str) -> tuple[int, ...]:
    try:
        seeds = [int(item) for item in text.split(",")]
    except ValueError:
        seeds = []
    if not seeds or min(seeds) < 0:
        raise argparse.ArgumentTypeError(f"found {text!r}, expected whole numbers from 0")
    # Given twice, a seed would be run twice in one folder.
    return tuple(dict.fromkeys(seeds))


def _command() -> str:
    """Return the command as it was given, the data's place left open, for the result files."""
    words = ["lightsernet-edge"]
    place = ""
    for word in sys.argv[1:]:
        flag, equals, _ = word.partition("=")
        if equals and flag in _PLACES:
            word = f"{flag}={flag[2:].upper()}"
        words.append(place or word)
        place = word[2:].upper() if word in _PLACES else ""
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    prefix = [] if backend == "tensorflow" else [f"KERAS_BACKEND={backend}"]
    return shlex.join([*prefix, *words])


def _summary(result: Result) -> dict[str, Any]:
    from ..results.bootstrap import SCORES

    intervals = result.speaker_intervals or {}
    return {
        **vars(result.key),
        "condition": None if result.key.is_clean else result.key.condition,
        **result.scores.to_json(result.labels),
        "clips": result.n_clips,
        **{f"{name}_interval": intervals.get(name) for name in SCORES},
        "clip_intervals": result.clip_intervals,
    }


def _print_results(results: list[Result], out: Path) -> None:
    from rich.table import Table

    from lightsernet_edge.cli.console import stdout_console

    from ..results.protocols import PROTOCOLS

    console = stdout_console()
    protocol = results[0].key.protocol
    console.print(f"{protocol}: {PROTOCOLS[protocol]}", highlight=False)
    table = Table(box=None, header_style="bold")
    for heading in ("precision", "seed", "condition"):
        table.add_column(heading)
    for heading in ("UA", "95 %", "WA", "F1", "clips"):
        table.add_column(heading, justify="right")
    for result in results:
        interval = result.intervals and result.intervals["ua"]
        table.add_row(
            result.key.precision,
            str(result.key.seed),
            result.key.condition,
            f"{result.ua:.1%}",
            f"{interval[0]:.1%}..{interval[1]:.1%}" if interval else "",
            f"{result.wa:.1%}",
            f"{result.f1:.1%}",
            str(result.n_clips),
        )
    console.print(table)
    console.print(f"results, folds and report are in {out}", highlight=False)
