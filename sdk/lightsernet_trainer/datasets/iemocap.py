"""The Interactive Emotional Dyadic Motion Capture Database (IEMOCAP)."""

import re
from collections.abc import Iterator
from pathlib import Path

from lightsernet_edge.audio.scan import require_folder
from lightsernet_edge.errors import DatasetError

from .clip import Clip, Corpus, labels_present

LABELS = ("anger", "happiness", "sadness", "neutral")
PARTS = ("all", "improvised", "scripted")

# Excitement counts as happiness, as in the literature's four-class protocol.
_LABEL_OF = {
    "ang": "anger",
    "hap": "happiness",
    "exc": "happiness",
    "sad": "sadness",
    "neu": "neutral",
}
_IN_DIALOG_NAME = {"all": "", "improvised": "_impro", "scripted": "_script"}
_LINE = re.compile(
    r"\[[\d.]+ - [\d.]+\]\t(?P<turn>(?P<dialog>(?P<session>Ses\d\d)\w+)_(?P<sex>[FM])[^\s_/]*)"
    r"\t(?P<emotion>[a-z]{3})\t\[.*\]\s*"
)


def read(data: Path, part: str) -> Corpus:
    """List IEMOCAP's turns of the four classes.

    Parameters
    ----------
    data : pathlib.Path
        The folder that holds `Session1/` and so on, each with `dialog/EmoEvaluation/`
        and `sentences/wav/`.
    part : {"all", "improvised", "scripted"}
        Which dialogs.

    Returns
    -------
    Corpus
        Turns of other emotions are left out. A speaker is the session and the sex that
        the turn's number carries, such as `Ses01F`; the letter in the dialog's name only
        says who wore the markers.

    Raises
    ------
    DatasetError
        If a folder is missing, an evaluation's line cannot be read, or a turn that it
        lists has no audio file.
    """
    require_folder(data, "IEMOCAP's folder, which holds Session1/ and so on")
    clips = [
        clip
        for session in sorted(data.glob("Session[0-9]"))
        for evaluation in _evaluations(session)
        if _IN_DIALOG_NAME[part] in evaluation.stem
        for clip in _turns(evaluation, session / "sentences" / "wav")
    ]
    return Corpus(
        name="iemocap",
        labels=labels_present(LABELS, clips),
        clips=tuple(clips),
        licence="IEMOCAP's release form, for research and on request",
        source="Busso et al., IEMOCAP, Language Resources and Evaluation 42, 2008",
    )


def _evaluations(session: Path) -> list[Path]:
    folder = session / "dialog" / "EmoEvaluation"
    require_folder(folder, f"the evaluations of {session.name}")
    return sorted(path for path in folder.glob("*.txt") if not path.name.startswith("."))


def _turns(evaluation: Path, wav: Path) -> Iterator[Clip]:
    # Only ASCII matters here; a rater's comment in another encoding must not stop it.
    lines = evaluation.read_text(encoding="ascii", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.startswith("["):
            continue
        turn = _LINE.fullmatch(line)
        if turn is None:
            raise DatasetError(
                f"{evaluation}: line {number} is {line[:60]!r}, "
                "expected [START - END], turn, emotion and [V, A, D] between tabs"
            )
        label = _LABEL_OF.get(turn["emotion"])
        if label is None:
            continue
        path = wav / turn["dialog"] / f"{turn['turn']}.wav"
        if not path.is_file():
            raise DatasetError(f"{path}: not found, expected as in line {number} of {evaluation}")
        yield Clip(path, label, turn["session"] + turn["sex"])
