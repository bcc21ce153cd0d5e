"""``report``: the page about results of ``crossval``, their tables, or their scores as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightsernet_edge.cli import options

if TYPE_CHECKING:
    from ..results.result import Result


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "report",
        help="make a page about results of crossval",
        description="Make one page, report.html, about results of crossval; or print their "
        "tables or scores.",
    )
    parser.add_argument(
        "results",
        metavar="RESULTS.json",
        type=options.path,
        nargs="+",
        help="files written by crossval",
    )
    parser.add_argument(
        "--data",
        metavar="DIR",
        type=options.path,
        help="the recordings, for the page to play; EMO-DB's also tell how listeners did",
    )
    parser.add_argument(
        "--fresh",
        metavar="A,B,...",
        type=options.label_list,
        default=(),
        help="speakers that no choice was made by; their UA is printed apart as well",
    )
    parser.add_argument(
        "--aims",
        metavar="FILE",
        type=options.path,
        help="JSON: what was aimed at, printed beside the scores",
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        type=options.path,
        default=Path("report.html"),
        help="gets the page (default: report.html)",
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--markdown", action="store_true", help="print the tables of scores instead of the page"
    )
    instead.add_argument(
        "--trials",
        action="store_true",
        help="print a row per result, with the settings it was trained with, instead of the page",
    )
    instead.add_argument(
        "--json", action="store_true", help="print one JSON object per score instead of the page"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the page and print where it is, or print what was asked for instead."""
    from lightsernet_edge.extras import require_trainer

    require_trainer("report")
    from ..report import write_report
    from ..report.aims import read_aims
    from ..report.markdown import condition_table, score_table, trial_table
    from ..report.runs import group_runs
    from ..results.file import read_results

    results = [result for path in arguments.results for result in read_results(path)]
    fresh = arguments.fresh
    _expect_known(fresh, results)
    aims = read_aims(arguments.aims) if arguments.aims else ()
    if arguments.json:
        for result in results:
            print(json.dumps(_score(result), ensure_ascii=False))
    elif arguments.trials:
        print(trial_table(results, fresh))
    elif arguments.markdown:
        runs = group_runs(results)
        tables = (score_table(runs, fresh, aims), condition_table(runs))
        print("\n\n".join(table for table in tables if table))
    else:
        write_report(results, arguments.out, arguments.data, fresh, aims)
        print(arguments.out)
    return 0


def _score(result: Result) -> dict[str, Any]:
    return {
        **vars(result.key),
        "ua": result.ua,
        "wa": result.wa,
        "f1": result.f1,
        "clips": result.n_clips,
    }


def _expect_known(fresh: Sequence[str], results: Sequence[Result]) -> None:
    from lightsernet_edge.errors import InputError

    known = {clip.speaker for result in results for clip in result.clips}
    for speaker in fresh:
        if speaker not in known:
            raise InputError(f"--fresh: {speaker!r} is none of {', '.join(sorted(known))}")
