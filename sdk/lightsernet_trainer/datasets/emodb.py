"""The Berlin Database of Emotional Speech (EMO-DB), laid out as its archive."""

import re
from pathlib import Path

from lightsernet_edge.audio.scan import audio_files, require_folder
from lightsernet_edge.errors import DatasetError

from .clip import Clip, Corpus, labels_present

LABELS = ("anger", "boredom", "disgust", "fear", "happiness", "sadness", "neutral")

# The letters stand for the German words: Wut, Langeweile, Ekel, Angst, Freude, Trauer.
_LABEL_OF = dict(zip("WLEAFTN", LABELS, strict=True))
_NAME = re.compile(r"(?P<speaker>\d\d)[ab]\d\d(?P<emotion>[WLEAFTN])[a-z]\.wav")


def read(data: Path) -> Corpus:
    """List EMO-DB's clips.

    Parameters
    ----------
    data : pathlib.Path
        The folder that holds `wav/`, or that folder itself. The files are named
        `SSTTTEv.wav`: speaker, text, emotion letter, take.

    Returns
    -------
    Corpus
        Its labels are those of `LABELS` that occur; speakers are the names' two digits.

    Raises
    ------
    DatasetError
        If the folder is missing, holds no audio, or a file is not named as EMO-DB's are.
    """
    require_folder(data, "EMO-DB's folder, which holds wav/")
    folder = data / "wav" if (data / "wav").is_dir() else data
    clips = [_clip(path) for path in audio_files(folder)]
    return Corpus(
        name="emodb",
        labels=labels_present(LABELS, clips),
        clips=tuple(clips),
        licence="CC BY 4.0, as published with EMO-DB 2.0",
        source="Burkhardt et al., A Database of German Emotional Speech, Interspeech 2005",
    )


def speech_bounds(clip: Path) -> tuple[float, float] | None:
    """Return where the speech of a clip begins and ends, by the labels of its segments.

    Parameters
    ----------
    clip : pathlib.Path
        A file in `wav/`; its labels lie beside that folder, in `lablaut/`.

    Returns
    -------
    (start_s, end_s) or None
        None for the few clips whose labels are missing or hold no segment.
    """
    # A line is a time, a number and a name; the last one, ".", ends the speech.
    files = list((clip.parent.parent / "lablaut").glob(f"{clip.stem}*.lablaut"))
    if len(files) != 1:
        return None
    _, _, segments = files[0].read_text(encoding="latin-1").partition("#\n")
    times = [float(line.split(maxsplit=1)[0]) for line in segments.splitlines() if line.strip()]
    return (times[0], times[-1]) if len(times) > 1 else None


def _clip(path: Path) -> Clip:
    name = _NAME.fullmatch(path.name)
    if name is None:
        raise DatasetError(
            f"{path}: not a name of EMO-DB, expected SSTTTEv.wav such as 03a01Wa.wav"
        )
    return Clip(path, _LABEL_OF[name["emotion"]], name["speaker"])
