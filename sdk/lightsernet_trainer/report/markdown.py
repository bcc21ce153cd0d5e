"""The tables of a report as Markdown, for documents that live beside the results."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from lightsernet_edge.errors import InputError

from ..conditions.condition import CLEAN
from ..results.bootstrap import SCORES
from ..results.result import Result, pooled
from ..results.scores import Scores
from .aims import Aim, aimed_at
from .runs import AFTER_ADAPTATION, Run, Summary, condition_scores
from .tables import condition_order


def score_table(runs: Sequence[Run], fresh: Sequence[str] = (), aims: Sequence[Aim] = ()) -> str:
    """Return a row per run on clean audio and precision, in per cent.

    Beside each score stand its 95 % interval and the aim, if there was one.

    Parameters
    ----------
    runs : sequence of Run
    fresh : sequence of str
        Speakers that no choice was made by; their UA gets a column.
    aims : sequence of Aim
    """
    head = ["protocol", "recipe", "loss", "precision", "seeds", "UA (95 %)"]
    head += ["UA of the fresh"] if fresh else []
    head += ["WA (95 %)", "F1 (95 %)"]
    rows = []
    for run in runs:
        if run.condition != CLEAN:
            continue
        for precision in run.precisions:
            summary = run.summary(precision, fresh)
            facts = (*run.key.model, precision)
            cells = [_with_interval(summary, n, aimed_at(aims, facts, n)) for n in SCORES]
            if fresh:
                # Where folds mix speakers none is fresh.
                hidden = summary.fresh_ua is None or run.flatters
                cells.insert(1, "" if hidden else per_cent(summary.fresh_ua or 0.0))
            rows.append([*facts, str(summary.seeds), *cells])
            rows += _adapted(run, precision, rows[-1], aims)
    return table(head, rows, numbers_from=4)


def condition_table(runs: Sequence[Run]) -> str:
    """Return the UA in per cent under each condition, one column per model; empty without any.

    The loss of a model is named where there is more than one.
    """
    models = condition_scores(runs)
    one_loss = len({loss for _, _, loss, _ in models}) < 2
    conditions = {name for scores in models.values() for name in scores} - {CLEAN}
    if not conditions:
        return ""
    rows = [
        [name, *(per_cent(s[name]) if name in s else "" for s in models.values())]
        for name in (CLEAN, *sorted(conditions, key=condition_order))
    ]
    heads = [
        ", ".join([recipe, protocol, *([] if one_loss else [loss]), precision])
        for recipe, protocol, loss, precision in models
    ]
    return table(["UA under", *heads], rows, numbers_from=1)


def trial_table(trials: Sequence[Result], fresh: Sequence[str] = ()) -> str:
    """Return a row per result, the best first: its settings and its scores, in per cent.

    Parameters
    ----------
    trials : sequence of Result
    fresh : sequence of str
        Speakers that no choice may be made by; their clips are not scored.

    Raises
    ------
    InputError
        If no other speaker is left.
    """
    head = ["trained with", "protocol", "under", "precision", "seed", "folds", "UA", "WA"]
    scored = [(_without(trial, fresh), trial) for trial in trials]
    rows = []
    for scores, trial in sorted(scored, key=lambda pair: -pair[0].ua):
        settings = trial.settings
        words = shlex.join(settings.flags()) or f"--features {settings.features}"
        folds = ", ".join(fold.name for fold in trial.folds if fold.name not in fresh)
        key = trial.key
        facts = [f"`{words}`", key.protocol, key.condition, key.precision, str(key.seed), folds]
        rows.append([*facts, per_cent(scores.ua), per_cent(scores.wa)])
    return table(head, rows, numbers_from=6)


def _without(result: Result, fresh: Sequence[str]) -> Scores:
    speakers = sorted({clip.speaker for clip in result.clips} - set(fresh))
    if not speakers:
        raise InputError(
            f"fresh: found every speaker of {result.key.name}, expected some left to score by"
        )
    return pooled(result, speakers)


def _adapted(
    run: Run, precision: str, cells: Sequence[str], aims: Sequence[Aim]
) -> list[list[str]]:
    """Return the row of the clips after ten others, where a model adapts to the speaker."""
    scores = run.adapted(precision)
    if scores is None:
        return []
    facts = [cells[0] + AFTER_ADAPTATION, *cells[1:4]]
    ua, *others = (
        _with_aim(per_cent(scores[name]), aimed_at(aims, facts, name)) for name in SCORES
    )
    return [[*facts, cells[4], ua, *[""] * (len(cells) - 8), *others]]


def _with_interval(summary: Summary, name: str, aim: str) -> str:
    text = per_cent(summary.scores[name])
    if summary.intervals is not None:
        low, high = summary.intervals[name]
        text += f" ({per_cent(low)} to {per_cent(high)})"
    return _with_aim(text, aim)


def _with_aim(text: str, aim: str) -> str:
    return f"{text}, {aim}" if aim else text


def per_cent(share: float) -> str:
    """Format a share, in 0..1, as per cent with a decimal and without the sign."""
    return f"{100 * share:.1f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers_from: int) -> str:
    """Return a table whose columns from place `numbers_from` on are aligned to the right."""
    rule = ["---"] * numbers_from + ["---:"] * (len(head) - numbers_from)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
