"""Fetching EMO-DB from a server on loopback: whole, cut, stalled, hostile; the real one too."""

import hashlib
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from lightsernet_edge.errors import DownloadError, InputError, MissingDependencyError
from lightsernet_trainer.datasets import load
from lightsernet_trainer.datasets.fetch import (
    FetchReport,
    emodb_checksums,
    emodb_label_checksums,
    fetch_emodb,
)
from tests.trainer.datasets.download_server import Server
from tests.trainer.datasets.fetching import fetch, fetch_fails
from tests.trainer.datasets.made_up_emodb import ENTRIES, SIZE, tree, zipped

pytest.importorskip("pooch")


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

    @pytest.mark.parametrize("mode", ["whole", "cut without a length"])
    def test_a_server_that_sends_too_much(
        self, server: Server, to: Path, mode: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.mode = mode
        server.body = bytes(10**7)
        monkeypatch.setattr("lightsernet_trainer.datasets.fetch.MOST_BYTES", 10**6)
        message = fetch_fails(DownloadError, to, server.url)
        assert "or more, expected at most 1000000" in message

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
            "from lightsernet_trainer.datasets.fetch import fetch_emodb\n"
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


class TestRealEmodb:
    def test_sums_are_those_of_the_recordings(self, emodb: Path) -> None:
        sums = emodb_checksums()
        assert len(sums) == 535
        assert sums == {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (emodb / "wav").glob("*.wav")
        }

    def test_sums_are_those_of_all_else(self, emodb: Path) -> None:
        assert emodb_label_checksums() == {
            file: hashlib.sha256(content).hexdigest()
            for file, content in tree(emodb).items()
            if not file.startswith("wav/")
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
