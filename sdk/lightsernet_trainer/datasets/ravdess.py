"""The Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS)."""

import re
from pathlib import Path

from lightsernet_edge.audio.scan import audio_files_below, require_folder
from lightsernet_edge.errors import DatasetError

from .clip import Clip, Corpus, labels_present

LABELS = ("neutral", "calm", "happiness", "sadness", "anger", "fear", "disgust", "surprise")
PARTS = ("all", "speech", "song")

_LABEL_OF = {f"{number:02d}": label for number, label in enumerate(LABELS, start=1)}
_CHANNELS = {"all": ("01", "02"), "speech": ("01",), "song": ("02",)}
_AUDIO_ONLY = "03"
_NAME = re.compile(
    r"(?P<modality>0[1-3])-(?P<channel>0[12])-(?P<emotion>0[1-8])-\d\d-\d\d-\d\d-(?P<actor>\d\d)"
)


def read(data: Path, part: str) -> Corpus:
    """List RAVDESS's audio-only clips.

    Parameters
    ----------
    data : pathlib.Path
        The folder that holds `Actor_01/` and so on, or the files themselves. They are
        named `03-01-EE-II-SS-RR-AA.wav`: modality, vocal channel, emotion, intensity,
        statement, repetition, actor.
    part : {"all", "speech", "song"}
        Which vocal channel. The songs know neither disgust nor surprise.

    Returns
    -------
    Corpus
        Its labels are those of `LABELS` that occur; speakers are the actors' two digits.

    Raises
    ------
    DatasetError
        If the folder is missing, a file is not named as RAVDESS's are, or a recording is
        there twice (some copies of the data set hold everything twice).
    """
    require_folder(data, "RAVDESS's folder, which holds Actor_01/ and so on")
    seen: dict[str, Path] = {}
    clips = []
    for path in audio_files_below(data):
        name = _NAME.fullmatch(path.stem)
        if name is None:
            raise DatasetError(
                f"{path}: not a name of RAVDESS, expected seven two-digit fields such as "
                "03-01-05-01-02-01-12.wav"
            )
        if name["modality"] != _AUDIO_ONLY or name["channel"] not in _CHANNELS[part]:
            continue
        if path.stem in seen:
            raise DatasetError(
                f"{path}: the same recording as {seen[path.stem]}, expected each one once"
            )
        seen[path.stem] = path
        clips.append(Clip(path, _LABEL_OF[name["emotion"]], name["actor"]))
    return Corpus(
        name="ravdess",
        labels=labels_present(LABELS, clips),
        clips=tuple(clips),
        licence="CC BY-NC-SA 4.0",
        source="Livingstone and Russo, RAVDESS, PLoS ONE 13(5), 2018",
    )
