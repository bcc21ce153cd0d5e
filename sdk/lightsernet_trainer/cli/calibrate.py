"""``calibrate``: fits temperature and thresholds to a result of ``crossval``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightsernet_edge.cli import options

if TYPE_CHECKING:
    from ..results.calibration import Calibration
    from ..results.result import Result


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "calibrate",
        help="fit temperature and thresholds to a result of crossval",
        description="Fit the temperature and the thresholds of a decision to the posteriors of "
        "a cross-validation, and tell what they are worth on held-out speakers. 'release' "
        "writes them into a model.",
    )
    parser.add_argument(
        "results", metavar="RESULTS.json", type=options.path, help="a file written by crossval"
    )
    parser.add_argument(
        "--precision", metavar="NAME", default="int8", help="of the result (default: int8)"
    )
    parser.add_argument(
        "--seed", metavar="N", type=int, default=0, help="of the result (default: 0)"
    )
    parser.add_argument(
        "--condition", metavar="NAME", default="clean", help="of the result (default: clean)"
    )
    add_goal(parser)
    parser.add_argument(
        "--pictures", metavar="DIR", type=options.path, help="gets reliability diagrams, as SVG"
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def add_goal(parser: argparse.ArgumentParser) -> None:
    """Add ``--goal``."""
    parser.add_argument(
        "--goal",
        metavar="SHARE",
        type=float,
        default=0.8,
        help="share of the reported labels that shall be right (default: 0.8)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Fit, and print what was found."""
    from lightsernet_edge.extras import require_trainer

    require_trainer("calibrate")
    from ..results.calibration import calibrate

    found = calibrate(_chosen(arguments), arguments.goal)
    if arguments.pictures is not None:
        _draw(found, arguments.pictures)
    print(json.dumps(_facts(found)) if arguments.json else _text(found, arguments.goal))
    return 0


def _chosen(arguments: argparse.Namespace) -> Result:
    from lightsernet_edge.errors import InputError

    from ..results.file import read_results

    wanted = (arguments.precision, arguments.seed, arguments.condition)
    keys = []
    for result in read_results(arguments.results):
        key = result.key
        if (key.precision, key.seed, key.condition) == wanted:
            return result
        keys.append(key.name)
    precision, seed, condition = wanted
    raise InputError(
        f"{arguments.results}: holds no result of precision {precision}, seed {seed} and condition "
        f"{condition}, expected one among {', '.join(keys)}"
    )


def _draw(found: Calibration, folder: Path) -> None:
    from lightsernet_edge.errors import InputError
    from lightsernet_edge.files.atomic_write import write_atomically

    from ..report.missing import MISSING
    from ..report.pictures import reliability_picture, standalone

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--pictures: {folder} cannot be made ({error.strerror})") from None
    for name, measured in (("before", found.before), ("after", found.after)):
        picture = reliability_picture(f"reliability-{name}", measured)
        if picture != MISSING:
            write_atomically(folder / f"reliability-{name}.svg", standalone(picture).encode())


def _facts(found: Calibration) -> dict[str, Any]:
    return {
        "temperature": found.temperature,
        "thresholds": found.thresholds,
        "ece_before": found.before.ece,
        "ece_after": found.after.ece,
        "nll_before": found.nll_before,
        "nll_after": found.nll_after,
        "temperatures": list(found.temperatures),
        "coverages": [vars(item) for item in found.coverages],
        "reported": vars(found.reported),
    }


def _text(found: Calibration, goal: float) -> str:
    low, high = found.temperatures
    lines = [
        f"temperature {found.temperature:.3f}, fitted on all clips",
        f"held-out speakers, with {low:.3f} to {high:.3f} fitted on the others:",
        f"  ECE {found.before.ece:.1%} before, {found.after.ece:.1%} after",
        f"  negative log-likelihood {found.nll_before:.3f} before, {found.nll_after:.3f} after",
        "  coverage  accuracy",
        *(f"  {item.coverage:8.0%}  {item.accuracy:8.1%}" for item in found.coverages),
        f"thresholds for {goal:.0%}: "
        + ", ".join(f"{label} {value:.2f}" for label, value in found.thresholds.items()),
        f"  held-out speakers: a label is reported for {found.reported.coverage:.0%} of the clips, "
        f"and {found.reported.accuracy:.1%} of these labels are right",
    ]
    return "\n".join(lines)
