"""What native libraries print: kept off the terminal, and shown where something fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from lightsernet_edge.native_output import held_back
from tests.places import CLIPS

CLIP = CLIPS / "anger_03a02Wc.wav"
TIMEOUT_S = 120


def start(
    *arguments: str | Path, cwd: Path, closed: str = ""
) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own: much is said once a process."""
    words = [sys.executable, "-m", "lightsernet_edge", *map(str, arguments)]
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *words],
        cwd=cwd,
        capture_output=True,
        check=False,
        timeout=TIMEOUT_S,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0"},
    )


def test_shown_on_an_exception_alone(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        os.write(2, b"the reason\n")
        raise ValueError("broken")

    with held_back():
        os.write(2, b"chatter\n")
    assert capfd.readouterr().err == ""
    with pytest.raises(ValueError, match="broken"), held_back():
        fail()
    assert capfd.readouterr().err == "the reason\n"
    print("on the terminal again", file=sys.stderr)
    assert capfd.readouterr().err == "on the terminal again\n"


@pytest.mark.no_preload
@pytest.mark.parametrize(
    "arguments",
    [
        ("classify", CLIP),
        ("classify", CLIP, "--xnnpack"),
        ("classify", CLIP, "--engine", "tensorflow"),
        ("validate", "--audio", "one", "--reference", "litert-xnnpack"),
        ("bench", "--target", "host"),
    ],
    ids=lambda words: " ".join(str(word) for word in words if word != CLIP),
)
def test_verbs_say_nothing_on_stderr(arguments: tuple[str | Path, ...], tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "clip.wav").write_bytes(CLIP.read_bytes())
    done = start(*arguments, cwd=tmp_path)
    assert done.stderr == b""
    assert done.stdout != b""


@pytest.mark.no_preload
def test_a_warning_of_ours_is_shown_beside(tmp_path: Path) -> None:
    samples, _ = soundfile.read(CLIP)
    (tmp_path / "one").mkdir()
    soundfile.write(tmp_path / "one" / "phone.wav", samples, 8000)
    for arguments in (
        ("classify", "one/phone.wav", "--xnnpack"),
        ("validate", "--audio", "one", "--reference", "litert-xnnpack"),
    ):
        done = start(*arguments, cwd=tmp_path)
        (line,) = done.stderr.decode().splitlines()
        assert line.startswith("lightsernet-edge: warning: one/phone.wav: recorded at 8000 Hz")


@pytest.mark.no_preload
@pytest.mark.parametrize(
    "arguments", [("classify", CLIP), ("listen", "--input", CLIP, "--fast")], ids=lambda a: a[0]
)
def test_stderr_that_is_closed(arguments: tuple[str | Path, ...], tmp_path: Path) -> None:
    done = start(*arguments, "--json", cwd=tmp_path, closed="2>&-")
    assert done.returncode == 0
    assert b'"label": "anger"' in done.stdout
