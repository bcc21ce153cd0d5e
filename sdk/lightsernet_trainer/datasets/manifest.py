"""A CSV manifest: one row per clip, with its file, label and speaker."""

import csv
import io
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from lightsernet_edge.audio.scan import AUDIO_SUFFIXES, is_audio
from lightsernet_edge.errors import DatasetError

from .clip import Clip, Corpus

_REQUIRED = ("file", "label", "speaker")
_OPTIONAL = ("start", "end")


def read(data: Path, labels: Sequence[str] | None) -> Corpus:
    """List the clips of a manifest.

    The manifest is a comma-separated UTF-8 file whose first line names its columns:
    `file` (relative to the manifest's folder), `label`, `speaker` (may be empty), and
    optionally `start` and `end` in seconds (empty: the file's beginning, its end). Other
    columns are ignored, and so are empty lines.

    Parameters
    ----------
    data : pathlib.Path
        The manifest.
    labels : sequence of str or None
        The classes in the model's order; a row with another label is an error. None: the
        labels that occur, sorted.

    Returns
    -------
    Corpus
        One clip per row.

    Raises
    ------
    DatasetError
        With the line's number, if the manifest cannot be read, a column is missing, a
        label unknown, a file not there, a time no number or out of order, or two rows
        name the same stretch.
    """
    clips: list[Clip] = []
    line_of: dict[tuple[Path, float, float], int] = {}
    for line, row in _rows(data):
        clip = _clip(row, data.parent, f"{data}: line {line}")
        if labels is not None and clip.label not in labels:
            raise DatasetError(
                f"{data}: line {line} has the unknown label {clip.label!r}, "
                f"expected one of {' '.join(labels)}"
            )
        first = line_of.setdefault(clip.stretch, line)
        if first != line:
            raise DatasetError(
                f"{data}: line {line} names the same stretch of {row['file']!r} as line {first}, "
                "expected each one once"
            )
        clips.append(clip)
    found = sorted({clip.label for clip in clips})
    return Corpus(
        name="manifest",
        labels=tuple(found if labels is None else labels),
        clips=tuple(clips),
    )


def _rows(manifest: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row's line number and its cells by column name."""
    reader = csv.reader(io.StringIO(_text(manifest), newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(manifest, header)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise DatasetError(
                    f"{manifest}: line {reader.line_num} has {len(cells)} cells, "
                    f"expected {len(header)} as in the header"
                )
            row = zip(header, (cell.strip() for cell in cells), strict=True)
            yield reader.line_num, dict(row)
    except csv.Error as error:
        raise DatasetError(
            f"{manifest}: line {reader.line_num} is not CSV ({error}), expected comma-separated "
            'cells, quoted with "'
        ) from error


def _text(manifest: Path) -> str:
    if not manifest.exists():
        raise DatasetError(f"{manifest}: not found, expected a CSV manifest")
    if not manifest.is_file():
        raise DatasetError(f"{manifest}: is a folder, expected a CSV manifest")
    content = manifest.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DatasetError(
            f"{manifest}: line {line} holds the byte 0x{content[error.start]:02x}, expected UTF-8"
        ) from error


def _check_header(manifest: Path, header: Sequence[str]) -> None:
    expected = f"expected {','.join(_REQUIRED)}[,{','.join(_OPTIONAL)}]"
    missing = [name for name in _REQUIRED if name not in header]
    if missing:
        raise DatasetError(
            f"{manifest}: line 1 has no column {' '.join(missing)} but "
            f"{','.join(header)[:80]!r}, {expected}"
        )
    twice = [name for name in (*_REQUIRED, *_OPTIONAL) if header.count(name) > 1]
    if twice:
        raise DatasetError(f"{manifest}: line 1 names the column {twice[0]} twice, {expected}")


def _clip(row: dict[str, str], folder: Path, where: str) -> Clip:
    if not row["label"]:
        raise DatasetError(f"{where} has no label, expected one")
    if not row["file"]:
        raise DatasetError(f"{where} names no file, expected an audio file")
    path = folder / row["file"]
    if not is_audio(path):
        raise DatasetError(f"{where} names {row['file']!r}, expected {' '.join(AUDIO_SUFFIXES)}")
    if not path.is_file():
        raise DatasetError(
            f"{where} names {row['file']!r}, which is not in {folder}, expected an audio file"
        )
    start_s, end_s = (_seconds(row.get(column, ""), column, where) for column in _OPTIONAL)
    if end_s is not None and (start_s or 0.0) >= end_s:
        raise DatasetError(
            f"{where} starts at {start_s or 0.0:g} s and ends at {end_s:g} s, "
            "expected start before end"
        )
    return Clip(path, row["label"], row["speaker"], start_s, end_s)


def _seconds(cell: str, column: str, where: str) -> float | None:
    if not cell:
        return None
    try:
        seconds = float(cell)
    except ValueError:
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise DatasetError(f"{where} has the {column} {cell!r}, expected seconds from 0 up")
    return seconds
