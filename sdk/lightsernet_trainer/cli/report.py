"""Make the page from result files.

Usage: python -m lightsernet_trainer.report RESULT.json... [--data DIR] [--fresh A,B]
       [--aims FILE] [--out FILE | --markdown | --trials]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lightsernet_edge.errors import InputError, LightSernetError
from lightsernet_edge.extras import exit_without_trainer

if __name__ == "__main__":
    exit_without_trainer("report")

from ..report import write_report
from ..report.aims import read_aims
from ..report.markdown import condition_table, score_table, trial_table
from ..report.runs import group_runs
from ..results.checks import check
from ..results.file import read_result
from ..results.result import Result

PROGRAM = "python -m lightsernet_trainer.report"


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line and return the exit status.

    Parameters
    ----------
    arguments : list of str, optional
        Those of the process by default.
    """
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description="Make one page, report.html, from results of crossval."
    )
    parser.add_argument("results", metavar="RESULT.json", type=Path, nargs="+")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the recordings, to listen to; EMO-DB's listeners"
    )
    parser.add_argument(
        "--fresh", metavar="A,B,...", help="speakers that no choice has seen, scored apart as well"
    )
    parser.add_argument(
        "--aims", type=Path, metavar="FILE", help="JSON: what was aimed at, printed beside scores"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", default=Path("report.html"))
    parser.add_argument(
        "--markdown", action="store_true", help="print the tables of scores instead of the page"
    )
    parser.add_argument(
        "--trials",
        action="store_true",
        help="print a row for each result with the settings that it was trained with",
    )
    options = parser.parse_args(arguments)
    try:
        results = []
        for path in options.results:
            results.append(read_result(path))
            check(results[-1], str(path))
        fresh = tuple(options.fresh.split(",")) if options.fresh else ()
        _expect_known(fresh, results)
        aims = read_aims(options.aims) if options.aims else ()
        if options.trials:
            print(trial_table(results, fresh))
        elif options.markdown:
            runs = group_runs(results)
            tables = (score_table(runs, fresh, aims), condition_table(runs))
            print("\n\n".join(table for table in tables if table))
        else:
            write_report(results, options.out, options.data, fresh, aims)
            print(options.out)
    except LightSernetError as error:
        print(f"{PROGRAM}: error: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_status
    return 0


def _expect_known(fresh: Sequence[str], results: Sequence[Result]) -> None:
    known = {clip.speaker for result in results for clip in result.clips}
    for speaker in fresh:
        if speaker not in known:
            raise InputError(f"--fresh: {speaker!r} is none of {', '.join(sorted(known))}")


if __name__ == "__main__":
    sys.exit(main())
