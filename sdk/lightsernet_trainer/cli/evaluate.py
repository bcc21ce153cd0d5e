"""``evaluate``: scores a model on labelled data."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lightsernet_edge.cli import options

if TYPE_CHECKING:
    from lightsernet_edge import EmotionRecognizer
    from lightsernet_edge.decision import Emotion

    from ..datasets.clip import Clip


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "evaluate",
        help="score a model on labelled data",
        description="Score a model on labelled data. Whether the score means anything depends on "
        "what the model was trained on: see its record with 'info'.",
    )
    options.add_model(parser, positional=False)
    options.add_dataset(parser)
    parser.add_argument(
        "--speakers", metavar="A,B,...", type=options.label_list, help="only clips of these"
    )
    options.add_whole(parser)
    parser.add_argument(
        "--enrol",
        metavar="N",
        type=int,
        default=0,
        help="enrol each speaker with N neutral clips, which are not scored (default: 0)",
    )
    parser.add_argument(
        "--keep",
        metavar="FILE.json",
        type=options.path,
        help="gets the posteriors of every clip, for 'release' to fit a decision on",
    )
    options.add_engine(parser)
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Score the model and print the result."""
    from lightsernet_edge.errors import InputError
    from lightsernet_edge.extras import require_trainer

    require_trainer("evaluate")
    from ..datasets import LAYOUTS, load
    from ..results.answers import ua_among, write_answers
    from ..training.evaluation import answers_of, protocol, scored

    recognizer = options.open_recognizer(arguments)
    takes_labels = arguments.dataset in LAYOUTS and LAYOUTS[arguments.dataset].takes_labels
    corpus = load(
        arguments.dataset,
        arguments.data,
        part=arguments.part,
        labels=recognizer.labels if takes_labels else None,
        trainable=False,
    )
    clips = corpus.clips
    if arguments.speakers is not None:
        unknown = sorted(set(arguments.speakers) - set(corpus.speakers))
        if unknown:
            raise InputError(f"--speakers: {unknown[0]!r} is none of {', '.join(corpus.speakers)}")
        clips = tuple(clip for clip in clips if clip.speaker in arguments.speakers)
    clips, heard = _heard(arguments, recognizer, clips)
    record = recognizer.file.record
    scores, _ = scored(heard, clips, record.labels)
    answers = answers_of(heard, clips, corpus.name, record, arguments.enrol)
    if arguments.keep is not None:
        write_answers(arguments.keep, answers)
    result = {
        "model": str(recognizer.file.path),
        "dataset": corpus.name,
        "protocol": protocol(record.data, corpus, clips),
        **scores.to_json(record.labels),
        "ua_among": ua_among(answers),
        **_said(heard, clips),
    }
    if arguments.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _print_result(result)
    return 0


def _heard(
    arguments: argparse.Namespace, recognizer: EmotionRecognizer, clips: Sequence[Clip]
) -> tuple[tuple[Clip, ...], list[Emotion]]:
    """Return the clips to score, and what was decided of them; by speaker where they enrol."""
    from rich.console import Console

    from lightsernet_edge.errors import InputError

    from ..training.evaluation import enrolled, hear, hear_each

    console = Console(stderr=True)
    if arguments.enrol < 0:
        raise InputError(f"--enrol: found {arguments.enrol}, expected at least 0")
    if not arguments.enrol:
        return tuple(clips), hear(recognizer, clips, console, arguments.whole)
    profiles = enrolled(recognizer, clips, arguments.enrol)
    left = {
        speaker: [clip for clip in clips if clip.speaker == speaker and clip not in used]
        for speaker, (_, used) in profiles.items()
    }
    scored = tuple(clip for theirs in left.values() for clip in theirs)
    if not scored:
        raise InputError("--enrol: no clip is left to score, expected some besides the enrolment's")

    def pairs() -> Iterator[tuple[EmotionRecognizer, Clip]]:
        for speaker, theirs in left.items():
            known = options.open_recognizer(arguments, profiles[speaker][0])
            yield from ((known, clip) for clip in theirs)

    return scored, hear_each(pairs(), scored, console, arguments.whole)


def _said(heard: Sequence[Emotion], clips: Sequence[Clip]) -> dict[str, float | None]:
    """Return how much is said, how much of that is right, and how often it is an emotion."""
    from lightsernet_edge.decision import UNCERTAIN
    from lightsernet_edge.labels import NEUTRAL

    said = [
        (emotion.label, clip.label)
        for emotion, clip in zip(heard, clips, strict=True)
        if emotion.label != UNCERTAIN
    ]
    right = sum(label == truth for label, truth in said)
    return {
        "said": len(said) / len(clips),
        "said_right": right / len(said) if said else None,
        "said_emotion": sum(label != NEUTRAL for label, _ in said) / len(clips),
    }


def _print_result(result: dict[str, Any]) -> None:
    from rich.table import Table

    from lightsernet_edge.cli.console import stdout_console

    console = stdout_console()
    console.print(
        f"UA {result['ua']:.1%}  WA {result['wa']:.1%}  F1 {result['f1']:.1%}  "
        f"{result['clips']} clips of {result['dataset']}; {result['protocol']}",
        highlight=False,
    )
    right = "" if result["said_right"] is None else f", {result['said_right']:.1%} of it right"
    console.print(
        f"something is said of {result['said']:.1%}{right}; an emotion other than neutral of "
        f"{result['said_emotion']:.1%}",
        highlight=False,
    )
    table = Table(box=None, header_style="bold", title="rows: truth, columns: prediction")
    table.add_column("")
    for label in result["labels"]:
        table.add_column(label, justify="right")
    for label, row in zip(result["labels"], result["confusion"], strict=True):
        table.add_row(label, *(str(count) for count in row))
    console.print(table)
    table = Table(box=None, header_style="bold")
    for heading in ("speaker", "clips", "UA", "WA"):
        table.add_column(heading, justify="right")
    for speaker, scores in result["per_speaker"].items():
        table.add_row(
            speaker or "unknown", str(scores["clips"]), f"{scores['ua']:.1%}", f"{scores['wa']:.1%}"
        )
    console.print(table)
