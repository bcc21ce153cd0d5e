"""Fetching EMO-DB from a server on loopback: whole, cut, stalled, corrupted, hostile."""

import argparse
import hashlib
import http.server
import io
import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightsernet_edge.cli import fetch as verb
from lightsernet_edge.errors import (
    DatasetError,
    DownloadError,
    InputError,
    LightSernetError,
    MissingDependencyError,
)
from lightsernet_trainer import archive as archive_module
from lightsernet_trainer import fetch as fetch_module
from lightsernet_trainer.archive import unpack
from lightsernet_trainer.datasets import load
from lightsernet_trainer.fetch import FetchReport, emodb_checksums, fetch_emodb

pytest.importorskip("pooch")

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


class Server:
    """A server that answers every request with `body` in the manner `mode` says."""

    def __init__(self) -> None:
        self.body = zipped(ENTRIES)
        self.mode = "whole"
        self.requests = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests += 1
                outer.answer(self)

            def log_message(self, *args: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/download.zip"
        self.released = threading.Event()

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        if self.mode == "mute":
            self.released.wait()
            return
        if self.mode == "hang up":
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        if self.mode == "redirect" and request.path != "/moved.zip":
            request.send_response(302)
            request.send_header("Location", "/moved.zip")
            request.end_headers()
            return
        if self.mode.isdigit():
            request.send_error(int(self.mode))
            return
        request.send_response(200)
        if self.mode == "no number":
            request.send_header("Content-Length", "many")
        elif self.mode != "cut without a length":
            request.send_header("Content-Length", str(len(self.body)))
        request.end_headers()
        half = len(self.body) // 2
        request.wfile.write(self.body[:half])
        request.wfile.flush()
        if self.mode == "stall":
            self.released.wait()
        elif self.mode == "reset":
            time.sleep(0.1)
            linger = struct.pack("ii", 1, 0)
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        elif not self.mode.startswith("cut"):
            request.wfile.write(self.body[half:])

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running = Server()
    yield running
    running.close()


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "data" / "emodb"


def fetch(to: Path, url: str = "http://127.0.0.1:9/", **options: object) -> FetchReport:
    return fetch_emodb(to, url=url, checksums=SUMS, **options)  # type: ignore[arg-type]


def fetch_fails(
    kind: type[LightSernetError], to: Path, url: str = "http://127.0.0.1:9/", **options: object
) -> str:
    """Return the one-line message of a fetch that must fail and leave nothing new behind."""
    before = tree(to.parent) if to.parent.exists() else None
    with pytest.raises(kind) as caught:
        fetch(to, url, **options)
    assert type(caught.value) is kind
    message = str(caught.value)
    assert "\n" not in message
    assert (tree(to.parent) if to.parent.exists() else None) == before
    return message


class TestDownload:
    def test_whole(self, server: Server, to: Path) -> None:
        assert fetch(to, server.url) == FetchReport(to, 6, SIZE)
        assert tree(to) == ENTRIES
        assert load("emodb", to).counts == {"anger": 2, "boredom": 2, "neutral": 2}

    def test_second_time_checks_and_downloads_nothing(self, server: Server, to: Path) -> None:
        first = fetch(to, server.url)
        again = fetch(to, server.url)
        assert (again.files, again.bytes) == (first.files, first.bytes)
        assert (first.already_there, again.already_there) == (False, True)
        assert server.requests == 1

    def test_redirect(self, server: Server, to: Path) -> None:
        server.mode = "redirect"
        assert fetch(to, server.url).files == 6

    @pytest.mark.parametrize("mode", ["cut", "reset", "cut without a length", "hang up"])
    def test_a_cut_connection_and_the_next_run(self, server: Server, to: Path, mode: str) -> None:
        server.mode = mode
        message = fetch_fails(DownloadError, to, server.url)
        assert message.startswith(server.url)
        if mode in ("cut", "reset"):
            assert f"of {len(server.body)} bytes" in message
        assert not to.parent.exists()
        server.mode = "whole"
        assert fetch(to, server.url).files == 6
        assert tree(to) == ENTRIES

    def test_a_cut_before_the_first_chunk_is_complete(self, server: Server, to: Path) -> None:
        server.mode = "cut"
        server.body = b"x" * 1000
        assert "of 1000 bytes" in fetch_fails(DownloadError, to, server.url)

    @pytest.mark.parametrize("mode", ["stall", "mute"])
    def test_a_server_that_falls_silent(self, server: Server, to: Path, mode: str) -> None:
        server.mode = mode
        begin = time.monotonic()
        message = fetch_fails(DownloadError, to, server.url, timeout_s=0.3)
        assert "silent for 0.3 s" in message
        assert time.monotonic() - begin < 15.0

    @pytest.mark.parametrize("status", ["404", "500"])
    def test_refusals(self, server: Server, to: Path, status: str) -> None:
        server.mode = status
        assert f"answered {status}" in fetch_fails(DownloadError, to, server.url)

    def test_a_length_that_is_no_number(self, server: Server, to: Path) -> None:
        server.mode = "no number"
        assert server.url in fetch_fails(DownloadError, to, server.url)

    def test_nobody_listens(self, to: Path) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
            message = fetch_fails(DownloadError, to, url)
        assert "refused" in message
        assert "Max retries" not in message

    @pytest.mark.parametrize("url", ["http://", "http://[", "http://a b.invalid:x/"])
    def test_an_address_that_is_none(self, to: Path, url: str) -> None:
        assert repr(url)[1:-1] in fetch_fails(DownloadError, to, url)

    @pytest.mark.parametrize("url", ["ftp://host/x.zip", "download.zip", "file:///etc/passwd"])
    def test_an_address_of_another_kind(self, to: Path, url: str) -> None:
        assert url in fetch_fails(InputError, to, url)

    def test_a_page_instead_of_the_archive(self, server: Server, to: Path) -> None:
        server.body = b"<html>please log in</html>" * 100
        message = fetch_fails(DownloadError, to, server.url)
        assert f"{server.url}: is not a zip archive" in message

    def test_short_content_that_http_did_not_notice(
        self, server: Server, to: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As with urllib3 before 2, which takes an early end for the end."""
        import pooch

        def get(self: pooch.HTTPDownloader, url: str, output_file: str, _: None) -> None:
            self.progressbar.total = 1000
            Path(output_file).write_bytes(b"x" * 999)

        monkeypatch.setattr(pooch.HTTPDownloader, "__call__", get)
        assert "999 of 1000 bytes" in fetch_fails(DownloadError, to, server.url)

    def test_no_downloader(self, to: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pooch", None)
        message = fetch_fails(MissingDependencyError, to)
        assert 'pip install ".[train]" in a checkout' in message

    def test_a_killed_run_leaves_nothing_that_the_next_minds(
        self, server: Server, to: Path
    ) -> None:
        server.mode = "stall"
        code = (
            "from pathlib import Path\n"
            "from lightsernet_trainer.fetch import fetch_emodb\n"
            f"fetch_emodb(Path({str(to)!r}), url={server.url!r})\n"
        )
        with subprocess.Popen([sys.executable, "-c", code]) as run:
            deadline = time.monotonic() + 60
            while not any(path.stat().st_size for path in to.rglob("*.part")):
                assert time.monotonic() < deadline
                assert run.poll() is None
                time.sleep(0.02)
            run.kill()
        assert tree(to)
        assert not (to / "wav").exists()
        server.mode = "whole"
        assert fetch(to, server.url).files == 6
        assert tree(to) == ENTRIES


class TestArchive:
    @pytest.fixture
    def local(self, tmp_path: Path) -> Path:
        path = tmp_path / "local.zip"
        path.write_bytes(zipped(ENTRIES))
        return path

    def test_local_copy(self, local: Path, to: Path) -> None:
        assert fetch(to, archive=local) == FetchReport(to, 6, SIZE)
        assert tree(to) == ENTRIES
        assert local.exists()

    def test_a_folder_around_everything(self, local: Path, to: Path) -> None:
        inner = {f"download/{name}": content for name, content in ENTRIES.items()}
        apple = {f"__MACOSX/download/wav/._{name}": b"x" for name in RECORDINGS}
        local.write_bytes(zipped(apple | inner | {"download/.DS_Store": b"x"}))
        fetch(to, archive=local)
        assert tree(to) == ENTRIES

    def test_no_such_archive(self, tmp_path: Path, to: Path) -> None:
        for path in (tmp_path / "gone.zip", tmp_path):
            assert f"{path}: no such file" in fetch_fails(DatasetError, to, archive=path)

    @pytest.mark.parametrize("keep", [0, 1, 100, -1, -30])
    def test_cut_archive(self, local: Path, to: Path, keep: int) -> None:
        local.write_bytes(local.read_bytes()[:keep])
        assert str(local) in fetch_fails(DatasetError, to, archive=local)

    def test_wrong_bytes_in_a_recording(self, local: Path, to: Path) -> None:
        """The archive's own CRC is right; only our sums can tell."""
        local.write_bytes(zipped(ENTRIES | {"wav/08a01La.wav": b"other"}))
        message = fetch_fails(DatasetError, to, archive=local)
        assert "08a01La.wav is damaged" in message
        assert SUMS["08a01La.wav"] in message

    def test_wrong_bytes_from_a_server(self, server: Server, to: Path) -> None:
        server.body = zipped(ENTRIES | {"wav/08a01La.wav": b"other"})
        assert "08a01La.wav is damaged" in fetch_fails(DownloadError, to, server.url)

    def test_recording_missing(self, local: Path, to: Path) -> None:
        entries = {name: content for name, content in ENTRIES.items() if "08a01Na" not in name}
        local.write_bytes(zipped(entries))
        assert "lacks 1 of 6" in fetch_fails(DatasetError, to, archive=local)

    def test_recording_too_many(self, local: Path, to: Path) -> None:
        local.write_bytes(zipped(ENTRIES | {"wav/09a01Na.wav": b"x"}))
        assert "09a01Na.wav" in fetch_fails(DatasetError, to, archive=local)

    def test_no_recordings_folder(self, local: Path, to: Path) -> None:
        local.write_bytes(zipped({"readme.txt": b"x"}))
        assert "wav/" in fetch_fails(DatasetError, to, archive=local)

    @pytest.mark.parametrize(
        "name",
        [
            "../evil.txt",
            "wav/../../evil.txt",
            "/evil.txt",
            "..\\evil.txt",
            "C:\\evil.txt",
            "C:evil.txt",
            "\\\\host\\share\\evil.txt",
            "wav/03a01Wa.wav",
            "wav\\03a01Wa.wav",
        ],
    )
    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_names_that_do_harm(self, tmp_path: Path, local: Path, to: Path, name: str) -> None:
        with zipfile.ZipFile(local, "a") as file:
            file.writestr(zipfile.ZipInfo("x"), b"x")
            # A ZipInfo made from the name itself would have its separators changed.
            info = zipfile.ZipInfo("x")
            info.filename = name
            file.writestr(info, b"evil")
        assert "expected relative paths" in fetch_fails(DatasetError, to, archive=local)
        assert not list(tmp_path.rglob("evil.txt"))

    def test_links(self, tmp_path: Path, local: Path, to: Path) -> None:
        with zipfile.ZipFile(local, "a") as file:
            link = zipfile.ZipInfo("silb/link")
            link.external_attr = 0o120777 << 16
            file.writestr(link, str(tmp_path))
        assert "silb/link" in fetch_fails(DatasetError, to, archive=local)

    @pytest.mark.parametrize("limit", ["_MAX_BYTES", "_MAX_ENTRIES"])
    def test_bombs(
        self, local: Path, to: Path, limit: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        size = SIZE + sum(map(len, OTHERS.values()))
        monkeypatch.setattr(archive_module, limit, size if limit == "_MAX_BYTES" else len(ENTRIES))
        local.write_bytes(zipped(ENTRIES | {"silb/zeros": b"\0"}))
        assert "would unpack to" in fetch_fails(DatasetError, to, archive=local)
        local.write_bytes(zipped(ENTRIES))
        assert fetch(to, archive=local).files == 6

    def test_a_bomb_that_lies_about_its_size(self, local: Path, to: Path) -> None:
        """No more is written than was declared, and the lie is found."""
        content = zipped(ENTRIES | {"silb/zeros": b"\0" * 5_000_001})
        lie = content.replace(struct.pack("<L", 5_000_001), struct.pack("<L", 11))
        assert lie != content
        local.write_bytes(lie)
        assert "silb/zeros" in fetch_fails(DatasetError, to, archive=local)

    @pytest.mark.parametrize(
        "compression",
        [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA],
    )
    def test_every_damaged_byte_is_refused_in_one_line_or_harmless(
        self, tmp_path: Path, compression: int
    ) -> None:
        """Flags, methods, names, sizes, streams: each decoder has its own exceptions."""
        content = zipped({"wav/a.wav": b"abcabc" * 20, "wav/ä.wav": b"x"}, compression)
        local = tmp_path / "local.zip"
        for at in range(len(content)):
            for flip in (0x01, 0xFF):
                damaged = bytearray(content)
                damaged[at] ^= flip
                local.write_bytes(damaged)
                into = tmp_path / f"{at}-{flip}"
                into.mkdir()
                message = ""
                try:
                    unpack(local, into, name="local.zip")
                except DatasetError as error:
                    message = str(error)
                assert len(message.splitlines()) <= 1

    @settings(max_examples=150, deadline=None)
    @given(draw=st.data())
    def test_any_damaged_byte_is_found_or_harmless(
        self, tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject
    ) -> None:
        folder = tmp_path_factory.mktemp("damaged")
        recordings = {name: content[:100] for name, content in RECORDINGS.items()}
        sums = {name: hashlib.sha256(content).hexdigest() for name, content in recordings.items()}
        content = bytearray(zipped({f"wav/{name}": data for name, data in recordings.items()}))
        at = draw.draw(st.integers(0, len(content) - 1))
        content[at] ^= draw.draw(st.integers(1, 255))
        local = folder / "local.zip"
        local.write_bytes(content)
        to = folder / "emodb"
        message = ""
        try:
            fetch_emodb(to, archive=local, checksums=sums)
        except LightSernetError as error:
            message = str(error)
        if message:
            assert len(message.splitlines()) == 1
            assert not to.exists()
        else:
            assert tree(to / "wav") == recordings
        assert set(folder.iterdir()) <= {local, to}


class TestFolder:
    @pytest.fixture
    def local(self, tmp_path: Path) -> Path:
        path = tmp_path / "local.zip"
        path.write_bytes(zipped(ENTRIES))
        return path

    def test_empty_folder(self, local: Path, to: Path) -> None:
        to.mkdir(parents=True)
        inode = to.stat().st_ino
        fetch(to, archive=local)
        assert tree(to) == ENTRIES
        assert to.stat().st_ino == inode

    def test_folder_with_other_things(self, local: Path, to: Path) -> None:
        to.mkdir(parents=True)
        (to / "notes.txt").write_text("mine")
        assert "notes.txt" in fetch_fails(DatasetError, to, archive=local)

    def test_the_archive_itself_is_no_other_thing(self, local: Path) -> None:
        fetch(local.parent, archive=local)
        assert tree(local.parent) == ENTRIES | {"local.zip": local.read_bytes()}

    def test_complete_folder_with_other_things(self, local: Path, to: Path) -> None:
        fetch(to, archive=local)
        (to / "notes.txt").write_text("mine")
        assert fetch(to).already_there

    def test_a_file(self, local: Path, to: Path) -> None:
        to.parent.mkdir()
        to.write_text("mine")
        assert "is a file" in fetch_fails(InputError, to, archive=local)

    def test_recordings_that_are_missing_are_added(self, local: Path, to: Path) -> None:
        fetch(to, archive=local)
        kept = (to / "wav/03a01Wa.wav").stat()
        (to / "wav/08a01La.wav").unlink()
        (to / "silb/03a01Wa.silb").unlink()
        assert not fetch(to, archive=local).already_there
        assert tree(to) == ENTRIES
        assert (to / "wav/03a01Wa.wav").stat() == kept

    def test_a_changed_recording_is_named_and_kept(self, local: Path, to: Path) -> None:
        fetch(to, archive=local)
        (to / "wav/08a01La.wav").write_bytes(b"changed")
        assert "08a01La.wav is damaged" in fetch_fails(DatasetError, to, archive=local)

    def test_a_stranger_among_the_recordings(self, local: Path, to: Path) -> None:
        fetch(to, archive=local)
        (to / "wav/mine.wav").write_bytes(b"x")
        assert "mine.wav" in fetch_fails(DatasetError, to, archive=local)

    @pytest.mark.parametrize("name", ["erkennung.txt", "silb/03a01Wa.silb", "silb"])
    def test_another_file_of_that_name_is_kept(self, local: Path, to: Path, name: str) -> None:
        path = to / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"mine")
        assert f"{path}: differs" in fetch_fails(DatasetError, to, archive=local)

    def test_an_interruption_while_moving(
        self, local: Path, to: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is moved last are the recordings, and the next run goes on."""
        real = fetch_module._merge

        def broken(source: Path, target: Path) -> None:
            if target.name == "wav":
                raise KeyboardInterrupt
            real(source, target)

        monkeypatch.setattr(fetch_module, "_merge", broken)
        with pytest.raises(KeyboardInterrupt):
            fetch(to, archive=local)
        assert tree(to) == OTHERS
        monkeypatch.undo()
        fetch(to, archive=local)
        assert tree(to) == ENTRIES

    def test_a_folder_that_cannot_be_made(self, local: Path, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        with pytest.raises(LightSernetError, match="cannot be read or written"):
            fetch(tmp_path / "file" / "emodb", archive=local)


class TestRealEmodb:
    def test_sums_are_those_of_the_recordings(self, emodb: Path) -> None:
        sums = emodb_checksums()
        assert len(sums) == 535
        assert sums == {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (emodb / "wav").glob("*.wav")
        }

    def test_cut_then_whole(self, emodb: Path, server: Server, to: Path) -> None:
        files = tree(emodb)
        server.body = zipped(files, zipfile.ZIP_STORED)
        server.mode = "cut"
        with pytest.raises(DownloadError, match="broke off"):
            fetch_emodb(to, url=server.url)
        assert not to.exists()
        server.mode = "whole"
        report = fetch_emodb(to, url=server.url)
        assert report.files == 535
        assert report.bytes == sum(len(c) for n, c in files.items() if n.startswith("wav/"))
        assert tree(to) == files
        assert load("emodb", to).counts == load("emodb", emodb).counts


class TestVerb:
    def run(self, *arguments: str) -> int:
        parser = argparse.ArgumentParser()
        verb.add_parser(parser.add_subparsers())
        args = parser.parse_args(["fetch", *arguments])
        return int(args.run(args))

    @pytest.fixture(autouse=True)
    def small_emodb(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fetch_module, "emodb_checksums", lambda: SUMS)

    def test_json(self, server: Server, to: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.run("emodb", "--to", str(to), "--url", server.url, "--json") == 0
        result = json.loads(capsys.readouterr().out)
        assert result == {
            "dataset": "emodb",
            "folder": str(to),
            "files": 6,
            "bytes": SIZE,
            "already_there": False,
        }

    def test_summary(self, tmp_path: Path, to: Path, capsys: pytest.CaptureFixture[str]) -> None:
        local = tmp_path / "local.zip"
        local.write_bytes(zipped(ENTRIES))
        for state in ("complete", "already complete"):
            assert self.run("emodb", "--to", str(to), "--from", str(local)) == 0
            out = capsys.readouterr().out
            assert out == f"{to}: {state}, 6 recordings checked, {SIZE} bytes\n"

    @pytest.mark.parametrize(
        "arguments",
        [
            ["emodb"],
            ["savee", "--to", "x"],
            ["emodb", "--to", "x", "--url", "http://h/", "--from", "a.zip"],
        ],
    )
    def test_usage(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as caught:
            self.run(*arguments)
        assert caught.value.code == 2
        assert "usage:" in capsys.readouterr().err

    def test_the_trainer_is_imported_only_to_run(self) -> None:
        code = (
            "import argparse, sys\n"
            "from lightsernet_edge.cli import fetch\n"
            "fetch.add_parser(argparse.ArgumentParser().add_subparsers())\n"
            "print('lightsernet_trainer' in sys.modules)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "False"

    def test_progress_goes_to_stderr(self, server: Server, to: Path) -> None:
        """A bar on a terminal, and stdout is JSON all the same."""
        code = (
            "import argparse, sys\n"
            "from lightsernet_edge.cli import fetch as verb\n"
            "from lightsernet_trainer import fetch\n"
            f"fetch.emodb_checksums = lambda: {SUMS!r}\n"
            "parser = argparse.ArgumentParser()\n"
            "verb.add_parser(parser.add_subparsers())\n"
            "args = parser.parse_args(['fetch', 'emodb', '--json', *sys.argv[1:]])\n"
            "args.run(args)\n"
        )
        command = [sys.executable, "-c", code, "--to", str(to), "--url", server.url]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "FORCE_COLOR": "1"},
        )
        assert json.loads(done.stdout)["files"] == 6
        assert "download.zip" in done.stderr
