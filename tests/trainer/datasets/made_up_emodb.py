"""A small EMO-DB of random bytes, and the archive that it is fetched as."""

import hashlib
import io
import random
import zipfile
from pathlib import Path

RECORDINGS = {
    # Incompressible, so that half an archive is more than one chunk of a download.
    f"{speaker}a01{letter}a.wav": random.Random(speaker + letter).randbytes(40_000)
    for speaker in ("03", "08")
    for letter in "WLN"
}
SUMS = {name: hashlib.sha256(content).hexdigest() for name, content in RECORDINGS.items()}
SIZE = sum(map(len, RECORDINGS.values()))
OTHERS = {
    "erkennung.txt": b"Satz\n",
    "erklaerung.txt": b"Zeichen\n",
    "lablaut/03a01Wa.lablaut": b"1",
    "labsilb/03a01Wa.labsilb": b"2",
    "silb/03a01Wa.silb": b"3",
}
LABEL_SUMS = {name: hashlib.sha256(content).hexdigest() for name, content in OTHERS.items()}
ENTRIES = {f"wav/{name}": content for name, content in RECORDINGS.items()} | OTHERS


def zipped(entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return buffer.getvalue()


def tree(folder: Path) -> dict[str, bytes]:
    """Return everything in a folder, hidden files included, by relative path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
