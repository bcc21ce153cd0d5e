"""The page: figures first, then scores, pictures, clips and how all was made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from lightsernet_edge.files.atomic_write import write_atomically

from ..conditions.condition import CLEAN
from ..results.reliability import reliability
from ..results.result import Result
from .aims import Aim
from .listeners import FILE, Comparison, compare, read_listeners
from .pictures import (
    confusion_picture,
    learning_picture,
    listeners_picture,
    reliability_picture,
    score_picture,
    shows_choice,
    speaker_picture,
)
from .playback import Recordings, WrongClip, most_wrong
from .runs import Run, group_runs
from .tables import clip_table, condition_table, points, precision_table, score_table, share

# The score of speakers who are new to the model says most, and int8 is what a device runs.
_HEADLINE_PROTOCOL, _HEADLINE_RECIPE = "loso", "edge"
_WRONG_CLIPS = 12
_AUDIO_BUDGET = 6 * 2**20
# Nothing is fetched from anywhere: a browser holds the page to it.
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; media-src data:"
)


def write_report(
    results: Sequence[Result],
    out: Path,
    data: Path | None = None,
    fresh: Sequence[str] = (),
    aims: Sequence[Aim] = (),
) -> None:
    """Write one HTML file about results; it needs nothing else to be read.

    Parameters
    ----------
    results : sequence of Result
        Of any protocols, recipes, precisions, seeds and conditions.
    out : Path
    data : Path, optional
        The data set's folder: its recordings can then be played, and EMO-DB's listeners
        stand beside the model.
    fresh : sequence of str
        Speakers by whom nothing was chosen; their score is printed apart as well.
    aims : sequence of Aim
        Printed beside the scores.

    Raises
    ------
    InputError
        If there is no result, results do not go together, or a file cannot be read or
        written.
    """
    runs = group_runs(results)
    recordings = Recordings(data, _AUDIO_BUDGET)
    rates = None if data is None else read_listeners(data)
    clean = [run for run in runs if run.condition == CLEAN]
    headline = _headline(clean or runs)
    # The headline's clips first, so that they find room.
    ordered = sorted(clean, key=lambda run: run is not headline)
    details = [_run_section(i, run, recordings, rates) for i, run in enumerate(ordered)]
    rows = [(run, run.summary(name, fresh)) for run in ordered for name in run.precisions]
    scores = ""
    if rows:
        scores = (
            '<h2 id="scores">Scores</h2><p>Each score is pooled over all folds. Every clip is '
            "classified by a model that was not trained on it, and counts once, or once per order "
            "where a model adapts to the speaker. UA is the recall averaged over the emotions, WA "
            "the share of clips that are right, F1 is averaged over emotions by their clips.</p>"
            f"{_figure(score_picture('scores', rows), _SCORE_CAPTION)}"
            f"{score_table(rows, fresh, aims)}"
        )
    changed = [run for run in runs if run.condition != CLEAN]
    conditions = condition_table(changed, clean) if changed else ""
    body = "".join(
        [
            _header(headline, ordered, rates, bool(changed)),
            scores,
            conditions,
            *details,
            _provenance(results),
        ]
    )
    write_atomically(out, _page(body, recordings.encoded).encode(errors="backslashreplace"))


_SCORE_CAPTION = (
    "95% bootstrap intervals over speakers; over clips where folds mix speakers (violet)."
)


def _page(body: str, recordings: Mapping[str, str]) -> str:
    here = files(__package__)
    style, script = (here.joinpath(name).read_text("utf-8") for name in ("page.css", "page.js"))
    # No closing tag may hide in a file's name.
    audio = json.dumps(dict(recordings)).replace("<", "\\u003c")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Speech emotion recognition: report</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n{body}\n"
        f'<script type="application/json" id="recordings">{audio}</script>\n'
        f"<script>\n{script}</script>\n</body>\n</html>\n"
    )


def _headline(runs: Sequence[Run]) -> Run:
    def rank(run: Run) -> tuple[bool, bool, bool]:
        first = run.first
        return (
            first.key.protocol != _HEADLINE_PROTOCOL,
            first.key.recipe != _HEADLINE_RECIPE,
            run.condition != CLEAN,
        )

    return min(runs, key=rank)


def _header(
    run: Run, clean: Sequence[Run], rates: Mapping[str, float] | None, has_conditions: bool
) -> str:
    summary = run.summary(run.shipped)
    results = run.seeds(run.shipped)
    interval = ""
    if summary.intervals:
        low, high = summary.intervals["ua"]
        interval = f"95% interval {100 * low:.1f} to {100 * high:.1f}"
    cards = [
        (f"UA, {run.key.protocol}, {run.key.recipe}, {run.shipped}",
         share(summary.scores["ua"]), interval),
    ]  # fmt: skip
    compared = compare(results, rates) if rates else None
    if compared:
        cards.append(("UA of human listeners", share(compared.listeners_ua), "on the same clips"))
    by_speaker = run.speaker_ua(run.shipped)
    if len(by_speaker) > 1:
        scores = {name: sum(found) / len(found) for name, found in by_speaker.items()}
        worst, best = min(scores, key=scores.__getitem__), max(scores, key=scores.__getitem__)
        cards.append(
            ("UA by speaker", f"{100 * scores[worst]:.0f} to {scores[best]:.0%}",
             f"speaker {worst} to speaker {best}")
        )  # fmt: skip
    if run.shipped != "float32" and "float32" in run.precisions:
        gap = summary.scores["ua"] - run.summary("float32").scores["ua"]
        agreement = run.agreement(run.shipped, "float32")
        note = "" if agreement is None else f"same label on {share(agreement)} of the clips"
        cards.append((f"{run.shipped} against float32", points(gap), note))
    ece = reliability(*run.answers(run.shipped)).ece
    cards.append(("calibration error (ECE)", share(ece), "confidence against accuracy"))
    speakers = len({clip.speaker for clip in run.first.clips})
    figures = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}<small>{escape(note)}</small></dd></div>"
        for name, value, note in cards
    )
    links = ['<a href="#scores">Scores</a>'] if clean else []
    links += ['<a href="#conditions">Conditions</a>'] if has_conditions else []
    links += [f'<a href="#run{i}">{escape(each.title)}</a>' for i, each in enumerate(clean)]
    links.append('<a href="#made">How it was made</a>')
    return (
        "<header><h1>Speech emotion recognition, cross-validated</h1>"
        f'<p class="muted">{len(run.first.labels)} emotions, {summary.clips} clips, {speakers} '
        f"speakers. {escape(run.meaning)}</p>"
        f'<dl class="figures">{figures}</dl><nav>{"".join(links)}</nav></header>'
    )


def _run_section(
    number: int, run: Run, recordings: Recordings, rates: Mapping[str, float] | None
) -> str:
    name = f"run{number}"
    shipped = run.shipped
    results = run.seeds(shipped)
    badge = ' <span class="badge">flattering</span>' if run.flatters else ""
    seeds = f"{len(results)} seeds" if len(results) > 1 else f"seed {results[0].key.seed}"
    parts = [
        f'<section id="{name}"><h2>{escape(run.title)}{badge}</h2>'
        f"<p>{escape(run.meaning)} Pictures show {escape(shipped)}, {seeds}.</p>"
    ]
    width, inches = ("third", 3.5) if len(run.precisions) > 2 else ("half", 5.0)
    pictures = [
        _figure(
            confusion_picture(f"{name}-confusion-{i}", run.seeds(precision), inches),
            f"{precision}: UA {share(run.summary(precision).scores['ua'])}. "
            "Per cent of a row; on the diagonal recall.",
            width,
        )
        for i, precision in enumerate(run.precisions)
    ]
    if len(run.precisions) == 1:
        pictures.append(_reliability(name, run, "half"))
    parts.append(f'<div class="grid">{"".join(pictures)}</div>')
    if len(run.precisions) > 1:
        parts.append(precision_table(run))
    if len(run.precisions) > 1:
        speakers = speaker_picture(f"{name}-speakers", run, (6.0, 3.9))
        pictures = [_figure(speakers, _SPEAKER_CAPTION, "wide"), _reliability(name, run, "slim")]
    else:
        speakers = speaker_picture(f"{name}-speakers", run, (10.6, 3.0))
        pictures = [_figure(speakers, _SPEAKER_CAPTION, "whole")]
    learning = learning_picture(f"{name}-learning", results)
    if learning:
        pictures.append(_figure(learning, _learning_caption(results), "whole"))
    parts.append(f'<div class="grid">{"".join(pictures)}</div>')
    compared = compare(results, rates) if rates else None
    if compared:
        parts.append(_listeners(name, compared))
    wrong = most_wrong(run, _WRONG_CLIPS)
    if wrong:
        parts.append(_wrong_clips(wrong, recordings, rates))
    return "".join([*parts, "</section>"])


_SPEAKER_CAPTION = "Bars are means over seeds, dots single seeds where there are several."


def _reliability(name: str, run: Run, width: str) -> str:
    picture = reliability_picture(f"{name}-reliability", reliability(*run.answers(run.shipped)))
    caption = "Bars: how often the label is right; dots: at the mean confidence of their clips."
    return _figure(picture, caption, width)


def _learning_caption(results: Sequence[Result]) -> str:
    folds = [fold for result in results for fold in result.folds]
    chosen = sorted({fold.chosen_epoch for fold in folds})
    epochs = f"epoch {chosen[0]}" if len(chosen) == 1 else f"epochs {chosen[0]} to {chosen[-1]}"
    lines = "Thin lines are folds, the thick one their mean. " if len(folds) > 1 else ""
    dots = ""
    if shows_choice(results):
        dots = " (dots)"
    return f"{lines}Scored were the weights of {epochs}{dots}."


def _listeners(name: str, compared: Comparison) -> str:
    return (
        '<div class="grid">'
        + _figure(
            listeners_picture(f"{name}-listeners", compared),
            f"Twenty listeners recognised each recording that often ({FILE}); on these clips "
            f"their UA is {share(compared.listeners_ua)}. What they took the others for was not "
            "written down, so shares of what is missed are compared, not what it is missed for.",
            "whole",
        )
        + "</div>"
    )


def _wrong_clips(
    wrong: Sequence[WrongClip], recordings: Recordings, rates: Mapping[str, float] | None
) -> str:
    playable = {clip.file for clip in wrong if recordings.add(clip.file)}
    return "<h3 style='margin-top:1.6rem'>The clips most wrong</h3>" + clip_table(
        wrong, playable, rates
    )


def _figure(picture: str, caption: str, width: str = "panel") -> str:
    return f'<figure class="{width}">{picture}<figcaption>{escape(caption)}</figcaption></figure>'


def _provenance(results: Sequence[Result]) -> str:
    blocks = []
    for result in results:
        facts = {"versions": result.versions, "configuration": result.configuration}
        blocks.append(
            f"<details><summary>{escape(result.key.name)}</summary><pre>{escape(result.command)}\n\n"
            f"{escape(json.dumps(facts, indent=1, ensure_ascii=False))}</pre></details>"
        )
    return (
        f'<h2 id="made">How it was made</h2><p>Command, versions and settings of each result.</p>'
        f"{''.join(blocks)}<footer>Every figure on this page can be computed again from the "
        "clips' posteriors in the result files. The recordings are those of the data set, "
        "shortened to 32 kbit/s.</footer>"
    )
