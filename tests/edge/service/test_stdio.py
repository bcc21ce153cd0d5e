"""``serve --uri stdio://``: a real process, its one client at its stdin and stdout."""

from __future__ import annotations

import io
import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from lightsernet_edge import EmotionStream
from lightsernet_edge.audio.recording import as_pcm16, read_recording
from tests.places import CLIP_FILES

pytest.importorskip("wyoming", reason="not installed: wyoming")

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event, read_event, write_event
from wyoming.ping import Ping

COMMAND = [sys.executable, "-m", "lightsernet_edge", "serve", "--uri", "stdio://"]
CLIP = CLIP_FILES[0]
RATE = 16000
TIMEOUT_S = 60
READY = "serving at stdio://\n"
NOTHING_HEARD = READY + "0 utterances\n"


def as_bytes(*events: Event) -> bytes:
    content = io.BytesIO()
    for event in events:
        write_event(event, content)
    return content.getvalue()


def events_in(content: bytes) -> list[Event]:
    stream = io.BytesIO(content)
    events = []
    while event := read_event(stream):
        events.append(event)
    assert stream.tell() == len(content), "something else than events is on stdout"
    return events


PING = as_bytes(Ping(text="there?").event())
PONG = {"text": "there?"}


def session(content: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        COMMAND, input=content, capture_output=True, check=False, timeout=TIMEOUT_S
    )


@contextmanager
def started(stdin: Any, stdout: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A service that is killed when the time is over, so that no read of a test hangs."""
    process = subprocess.Popen(COMMAND, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)
    timer = threading.Timer(TIMEOUT_S, process.kill)
    timer.start()
    try:
        yield process
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def rest_of_stderr(process: subprocess.Popen[bytes]) -> str:
    assert process.stderr is not None
    return process.stderr.read().decode()


def one_error(stderr: str) -> str:
    (line,) = stderr.removeprefix(READY).splitlines()
    assert line.startswith("lightsernet-edge: error: ")
    assert "unexpected" not in line
    return line


def test_session_from_pipe_to_pipe() -> None:
    samples = as_pcm16(read_recording(CLIP, RATE).samples)
    form = {"rate": RATE, "width": 2, "channels": 1}
    chunk = AudioChunk(audio=samples.astype("<i2").tobytes(), **form).event()
    done = session(PING + as_bytes(AudioStart(**form).event(), chunk, AudioStop().event()))
    pong, *emotions, end = events_in(done.stdout)
    assert pong.data == PONG
    with EmotionStream() as stream:
        events = stream.process(samples) + stream.finish()
    assert [event.data["label"] for event in emotions] == [event.emotion.label for event in events]
    assert (end.type, end.data["utterances"]) == ("emotions-end", 1)
    assert done.stderr.decode() == READY + "1 utterances\n"
    assert done.returncode == 0


def test_no_event_at_all_is_a_session() -> None:
    done = session(b"")
    assert (done.stdout, done.stderr.decode(), done.returncode) == (b"", NOTHING_HEARD, 0)


def test_answers_to_a_client_that_reads_late_are_kept() -> None:
    """They are more than a pipe holds, and stdin has ended when the first is read."""
    ping = as_bytes(Ping(text="x" * 1000).event())
    with started(subprocess.PIPE, subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(100 * ping)
        process.stdin.close()
        assert len(events_in(process.stdout.read())) == 100
        assert rest_of_stderr(process) == NOTHING_HEARD
        assert process.wait(TIMEOUT_S) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_a_session(number: int) -> None:
    with started(subprocess.PIPE, subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(PING)
        process.stdin.flush()
        assert read_event(process.stdout).data == PONG
        process.send_signal(number)
        assert rest_of_stderr(process) == NOTHING_HEARD
        assert process.wait(TIMEOUT_S) == 0


def test_one_socket_for_both_directions() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, started(theirs, theirs) as process:
        theirs.close()
        ours.settimeout(TIMEOUT_S)
        with ours.makefile("rb") as answers:
            # What arrives is not taken for the end of what is sent.
            for _ in range(3):
                ours.sendall(PING)
                assert read_event(answers).data == PONG
            ours.shutdown(socket.SHUT_WR)
            assert answers.read() == b""
        assert rest_of_stderr(process) == NOTHING_HEARD
        assert process.wait(TIMEOUT_S) == 0


def test_a_socket_for_each_direction() -> None:
    to_them, their_in = socket.socketpair()
    from_them, their_out = socket.socketpair()
    with to_them, their_in, from_them, their_out, started(their_in, their_out) as process:
        their_in.close()
        their_out.close()
        from_them.settimeout(TIMEOUT_S)
        to_them.sendall(PING)
        with from_them.makefile("rb") as answers:
            assert read_event(answers).data == PONG
            to_them.close()
            assert answers.read() == b""
        assert rest_of_stderr(process) == NOTHING_HEARD
        assert process.wait(TIMEOUT_S) == 0


def test_terminal_is_left_as_it_was() -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    try:
        with started(theirs, theirs) as process, open(ours, "r+b", 0, closefd=False) as terminal:
            terminal.write(PING)
            assert read_event(terminal).data == PONG
            process.send_signal(signal.SIGTERM)
            assert rest_of_stderr(process) == NOTHING_HEARD
            assert process.wait(TIMEOUT_S) == 0
        assert os.get_blocking(theirs)
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize(
    ("redirection", "found"),
    [
        ("<&-", "stdin closed"),
        (">&-", "stdout closed"),
        ("<&- >&-", "stdin closed"),
        ("</dev/null", "a device like /dev/null as stdin"),
        (">/dev/null", "a device like /dev/null as stdout"),
        ("<file", "a regular file as stdin"),
        (">>file", "a regular file as stdout"),
    ],
)
def test_what_is_no_client_is_refused(redirection: str, found: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(PING)
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {redirection}', "sh", *COMMAND],
        stdin=subprocess.PIPE,
        capture_output=True,
        check=False,
        timeout=TIMEOUT_S,
        cwd=tmp_path,
    )
    line = one_error(done.stderr.decode())
    assert line.endswith(f": --uri stdio://: found {found}, expected a pipe or socket")
    assert done.returncode == 2
    assert (tmp_path / "file").read_bytes() == PING


def test_socket_that_is_no_stream_is_refused() -> None:
    ours, theirs = socket.socketpair(type=socket.SOCK_DGRAM)
    with ours, theirs, started(theirs, subprocess.PIPE) as process:
        line = one_error(rest_of_stderr(process))
        assert "found a socket that is no connected stream as stdin" in line
        assert process.wait(TIMEOUT_S) == 2


@pytest.mark.parametrize(
    ("rubbish", "found"),
    [
        (b"[]\n", r"found '[]\n'"),
        (b"GET / HTTP/1.1\r\n\r\n", "found 'GET / HTTP/1.1"),
        (b"\xff\n", r"found '\xff\n'"),
        (b"{}\n", "type is missing"),
        (b"null\n", "found 'null"),
        (b'{"type": 1}\n', "type is 1"),
        (b'{"type": "ping", "data_length": "5"}\n', "data_length is '5'"),
        (b'{"type": "ping", "data_length": NaN}\n', "data_length is nan"),
        (b'{"type": "ping", "data_length": 20000}\n', "expected an integer in 0..16384"),
        (b'{"type": "ping", "payload_length": 1.5}\n', "payload_length is 1.5"),
        (b'{"type": "ping", "payload_length": 9999999999}\n', "expected an integer in 0..67108864"),
        (b'{"type": "ping", "data_length": 4}\nnull', "found 'null'"),
        (b'{"type": "ping", "data": {"text": "\\ud800"}}\n', "text is '\\ud800'"),
        (b'{"type": "ping", "data": []}\n', "data is []"),
        (b"[" * 5000 + b"\n", "found '[[["),
        (b" " * 200_000 + b"\n", "found a line without end"),
        (b'{"type": "ping", "data_length": 9}\nx', "ended within an event"),
        (
            b'{"type": "audio-chunk", "data": {"rate": 16000, "width": 2, "channels": 1}, '
            b'"payload_length": 98}\nxx',
            "ended within an event",
        ),
        (as_bytes(AudioStart(rate=RATE, width=4, channels=1).event()), "width is 4"),
        (as_bytes(Event("audio-chunk", data={"rate": RATE})), "width is missing"),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else "",
)
def test_what_is_not_as_the_protocol_has_it_ends_it(rubbish: bytes, found: str) -> None:
    done = session(PING + rubbish)
    pong, error = events_in(done.stdout)
    assert pong.data == PONG
    assert error.type == "error"
    assert found in error.data["text"]
    assert found in one_error(done.stderr.decode())
    assert done.returncode == 2


def test_client_that_no_longer_reads_ends_it() -> None:
    with started(subprocess.PIPE, subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        process.stdin.write(PING)
        process.stdin.flush()
        # Its stdin is still open.
        assert "the client is gone" in one_error(rest_of_stderr(process))
        assert process.wait(TIMEOUT_S) == 1
