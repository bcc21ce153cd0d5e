"""The tables of a report."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from ..conditions.condition import CLEAN
from ..results.bootstrap import SCORES, Interval
from .aims import Aim, aimed_at
from .playback import WrongClip
from .runs import AFTER_ADAPTATION, Run, Summary, condition_scores


def share(value: float) -> str:
    """Format a share as per cent with a decimal."""
    return f"{value:.1%}"


def points(value: float) -> str:
    """Format a difference of shares in points, with its sign."""
    text = f"{100 * value:+.1f} points"
    return text[1:] if text[1:].startswith("0.0 ") else text.replace("-", "\N{MINUS SIGN}")


def score_table(
    rows: Sequence[tuple[Run, Summary]], fresh: Sequence[str], aims: Sequence[Aim] = ()
) -> str:
    """Return the scores of every run and precision, below what their protocol means."""
    head = ["recipe", "loss", "precision", "seeds"]
    numbers = ["UA", "WA", "F1"]
    if fresh:
        numbers.insert(1, "UA of the fresh")
    body = []
    for protocol in dict.fromkeys(run.key.protocol for run, _ in rows):
        members = [(run, summary) for run, summary in rows if run.key.protocol == protocol]
        first = members[0][0]
        badge = ' <span class="badge">flattering</span>' if first.flatters else ""
        body.append(
            f'<tr class="group"><th colspan="{len(head) + len(numbers)}" scope="rowgroup">'
            f"<strong>{escape(protocol)}</strong>{badge}"
            f'<p class="muted">{escape(first.meaning)}</p></th></tr>'
        )
        for run, summary in members:
            facts = (run.key.recipe, run.key.loss, summary.precision)
            cells = [
                _score_cell(
                    summary.scores[name],
                    summary.intervals[name] if summary.intervals else None,
                    aimed_at(aims, (protocol, *facts), name),
                )
                for name in SCORES
            ]
            if fresh:
                # Where folds mix speakers none is fresh.
                hidden = summary.fresh_ua is None or run.flatters
                value = "" if hidden else share(summary.fresh_ua or 0.0)
                cells.insert(1, f'<td class="number">{value}</td>')
            body.append(_score_row(facts, summary.seeds, cells))
            later = run.adapted(summary.precision)
            if later is not None:
                row = (protocol + AFTER_ADAPTATION, *facts)
                cells = [_score_cell(later[n], None, aimed_at(aims, row, n)) for n in SCORES]
                if fresh:
                    cells.insert(1, "<td></td>")
                facts = (facts[0] + AFTER_ADAPTATION, *facts[1:])
                body.append(_score_row(facts, summary.seeds, cells))
    note = ""
    if fresh:
        names = escape(", ".join(fresh))
        note = f'<p class="muted">Fresh are the speakers by whom nothing was chosen: {names}.</p>'
    return _table(head, numbers, body) + note


def precision_table(run: Run) -> str:
    """Return the scores of a run's precisions side by side, and what each costs."""
    body = []
    reference = run.precisions[0]
    base = run.summary(reference).scores["ua"]
    for precision in run.precisions:
        summary = run.summary(precision)
        scores = "".join(f'<td class="number">{share(summary.scores[n])}</td>' for n in SCORES)
        gap = points(summary.scores["ua"] - base) if precision != reference else ""
        agreement = run.agreement(precision, reference) if precision != reference else None
        same = "" if agreement is None else share(agreement)
        body.append(
            f"<tr><td>{escape(precision)}</td>{scores}"
            f'<td class="number">{gap}</td><td class="number">{same}</td></tr>'
        )
    numbers = ["UA", "WA", "F1", f"UA against {reference}", f"same label as {reference}"]
    return _table(["precision"], numbers, body)


def condition_table(changed: Sequence[Run], clean: Sequence[Run]) -> str:
    """Return the UA under each condition, a column for each model, clean audio first."""
    names = sorted({run.condition for run in changed}, key=condition_order)
    models = {
        (protocol, recipe, loss, precision): scores
        for (recipe, protocol, loss, precision), scores in condition_scores(
            (*clean, *changed)
        ).items()
    }
    body = []
    for name in (CLEAN, *names):
        cells = []
        for scores in models.values():
            ua, before = scores.get(name), scores.get(CLEAN)
            text = ""
            if ua is not None:
                bar = f'<span class="bar truth"><i style="width:{ua:.0%}"></i></span>'
                text = f"{bar} {share(ua)}"
                if before is not None and name != CLEAN:
                    text += f'<br><span class="interval">{points(ua - before)}</span>'
            cells.append(f"<td>{text}</td>")
        body.append(f"<tr><td>{escape(name)}</td>{''.join(cells)}</tr>")
    return (
        '<h2 id="conditions">Conditions</h2><p>UA of the same models on clips that went through '
        "a level, a noise, a room or a channel first, and the difference from clean audio.</p>"
        + _table(["condition", *(" \N{MIDDLE DOT} ".join(model) for model in models)], [], body)
    )


def condition_order(name: str) -> tuple[list[str], list[float]]:
    """Return what sorts conditions by kind, then by numbers as numbers."""
    words, numbers = [], []
    for part in re.split("[:+]", name):
        try:
            numbers.append(float(part))
        except ValueError:
            words.append(part)
    return words, numbers


def clip_table(
    clips: Sequence[WrongClip], playable: set[str], rates: Mapping[str, float] | None
) -> str:
    """Return the clips with what was said of them, a button to play each that can be."""
    body = []
    for clip in clips:
        button = ""
        if clip.file in playable:
            name = escape(clip.file, quote=True)
            button = (
                f'<button class="play" data-file="{name}" aria-label="Play {name}" '
                f'title="Play {name}"></button>'
            )
        rate = rates.get(clip.file) if rates else None
        listeners = f'<td class="number">{rate:.0%}</td>' if rate is not None else "<td></td>"
        body.append(
            f"<tr><td>{button}</td><td>{escape(clip.file)}</td><td>{escape(clip.speaker)}</td>"
            f"<td>{_bar('truth', clip.truth_posterior)} {escape(clip.truth)}</td>"
            f"<td>{_bar('said', clip.said_posterior)} {escape(clip.said)}</td>"
            f"{listeners if rates else ''}</tr>"
        )
    numbers = ["listeners who recognised it"] if rates else []
    return _table(["", "file", "speaker", "spoken", "taken for"], numbers, body)


def _bar(kind: str, value: float) -> str:
    return (
        f'<span class="bar {kind}"><i style="width:{value:.0%}"></i></span> '
        f'<span class="muted">{value:.0%}</span>'
    )


def _score_row(facts: Sequence[str], seeds: int, cells: Sequence[str]) -> str:
    words = "".join(f"<td>{escape(text)}</td>" for text in (*facts, str(seeds)))
    return f"<tr>{words}{''.join(cells)}</tr>"


def _score_cell(value: float, interval: Interval | None, aim: str) -> str:
    notes = [aim] if aim else []
    if interval:
        low, high = interval
        notes.insert(0, f"{100 * low:.1f} to {100 * high:.1f}")
    below = "".join(f'<br><span class="interval">{note}</span>' for note in notes)
    return f'<td class="number">{share(value)}{below}</td>'


def _table(head: Sequence[str], numbers: Sequence[str], body: Sequence[str]) -> str:
    heads = "".join(f"<th>{escape(name)}</th>" for name in head)
    heads += "".join(f'<th class="number">{escape(name)}</th>' for name in numbers)
    return (
        f'<div class="panel"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )
