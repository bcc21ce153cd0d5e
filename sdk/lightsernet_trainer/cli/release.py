"""``release``: gives a model trained on all speakers its scores and its decision."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightsernet_edge.cli import options

from .calibrate import add_goal

if TYPE_CHECKING:
    from ..results.result import Result


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "release",
        help="give a model trained on all speakers its scores and its decision",
        description="Write a model that was trained on all speakers with a record of what "
        "cross-validation (loso) gave the same settings: scores, temperature and thresholds.",
    )
    parser.add_argument(
        "--model",
        metavar="MODEL",
        type=options.model,
        required=True,
        help="a .tflite written by train --test-speakers none",
    )
    parser.add_argument(
        "--results",
        metavar="RESULTS.json",
        type=options.path,
        nargs="+",
        required=True,
        help="files written by crossval with the same settings; their results on clean audio count",
    )
    parser.add_argument(
        "--precisions",
        metavar="A,B,...",
        type=options.label_list,
        help="of the results that count, int8 among them (default: all)",
    )
    parser.add_argument(
        "--answers",
        metavar="FILE.json",
        type=options.path,
        nargs="+",
        default=[],
        help="what 'evaluate --keep' wrote of this model, on other people's labelled speech and on "
        "ordinary speech: the decision is then fitted on these as well",
    )
    add_goal(parser)
    parser.add_argument(
        "--out", metavar="FILE", type=options.path, required=True, help="gets the model"
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the model and print where it is."""
    from lightsernet_edge.extras import require_trainer

    require_trainer("release")
    from ..release import release, worth_for_strangers
    from ..results.answers import read_answers

    results = _chosen(arguments.results, arguments.precisions)
    answers = [read_answers(path) for path in arguments.answers]
    written = release(arguments.model, results, arguments.goal, arguments.out, answers)
    worth = (
        worth_for_strangers(results, arguments.goal, written.record, answers) if answers else None
    )
    if arguments.json:
        facts = {
            "model": str(written.path),
            "temperature": written.record.decision.temperature,
            "thresholds": dict(written.record.decision.thresholds),
            "scores": [vars(score) for score in written.record.scores],
            "worth": {kind: vars(each) for kind, each in worth.items()} if worth else None,
        }
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print(written.path)
        for kind, found in (worth or {}).items():
            print(
                f"{kind}: something is said of {found.said:.1%}, {found.right:.1%} of it right; an "
                f"emotion other than neutral of {found.emotion:.1%}"
            )
    return 0


def _chosen(paths: Sequence[Path], precisions: Sequence[str] | None) -> list[Result]:
    from lightsernet_edge.errors import InputError

    from ..results.file import read_results

    results = [result for path in paths for result in read_results(path) if result.key.is_clean]
    known = {result.key.precision for result in results}
    for precision in precisions or ():
        if precision not in known:
            raise InputError(
                f"--precisions: found {precision!r}, expected some of {', '.join(sorted(known))}"
            )
    return [r for r in results if precisions is None or r.key.precision in precisions]
