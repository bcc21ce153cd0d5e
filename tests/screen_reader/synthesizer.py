"""A synthesizer of speech-dispatcher that writes down what it is to say.

It is started by speech-dispatcher, under the system's Python, with the path of the file that it
appends to: a line of JSON for each utterance. It speaks the protocol of output modules, and
is done at once.
"""

from __future__ import annotations

import html
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path


def _lines() -> Iterator[str]:
    for line in sys.stdin:
        yield line.rstrip("\n")


def _block(lines: Iterator[str]) -> str:
    """Return the lines before a single dot."""
    block = []
    for line in lines:
        if line == ".":
            break
        block.append(line.removeprefix(".") if line.startswith("..") else line)
    return "\n".join(block)


def _answer(*answers: str) -> None:
    for text in answers:
        print(text, flush=True)


def main(said: Path) -> None:
    lines = _lines()
    for command in lines:
        match command.split():
            case ["INIT"]:
                _answer("299-ready", "299 OK LOADED SUCCESSFULLY")
            case ["AUDIO" | "LOGLEVEL" | "SET"]:
                _answer("203 OK RECEIVING SETTINGS")
                _block(lines)
                _answer("203 OK SETTINGS RECEIVED")
            case ["LIST", "VOICES"]:
                _answer("200-writer\ten\tnone", "200 OK VOICE LIST SENT")
            case ["SPEAK" | "CHAR" | "KEY" | "SOUND_ICON"]:
                _answer("202 OK RECEIVING MESSAGE")
                text = html.unescape(re.sub(r"<[^>]*>", "", _block(lines)))
                with said.open("a") as file:
                    file.write(json.dumps(" ".join(text.split())) + "\n")
                _answer("200 OK SPEAKING", "701 BEGIN", "702 END")
            case ["QUIT"]:
                _answer("210 OK QUIT")
                return
            case ["STOP" | "PAUSE"]:
                pass
            case _:
                _answer("300 ERR UNKNOWN COMMAND")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
