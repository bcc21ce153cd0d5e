"""The verb `fetch`: what it takes, and what it prints where."""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lightsernet_trainer.cli import fetch as verb
from lightsernet_trainer.datasets import fetch as fetch_module
from tests.trainer.datasets.download_server import Server
from tests.trainer.datasets.made_up_emodb import ENTRIES, LABEL_SUMS, SIZE, SUMS, zipped

pytest.importorskip("pooch")


class TestVerb:
    def run(self, *arguments: str) -> int:
        parser = argparse.ArgumentParser()
        verb.add_parser(parser.add_subparsers())
        args = parser.parse_args(["fetch", *arguments])
        return int(args.run(args))

    @pytest.fixture(autouse=True)
    def small_emodb(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fetch_module, "emodb_checksums", lambda: SUMS)
        monkeypatch.setattr(fetch_module, "emodb_label_checksums", lambda: LABEL_SUMS)

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

    def test_the_downloader_is_imported_only_to_run(self) -> None:
        code = (
            "import argparse, sys\n"
            "from lightsernet_trainer.cli import fetch\n"
            "fetch.add_parser(argparse.ArgumentParser().add_subparsers())\n"
            "print('lightsernet_trainer.datasets' in sys.modules)\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "False"

    def test_progress_goes_to_stderr(self, server: Server, to: Path) -> None:
        """A bar on a terminal, and stdout is JSON all the same."""
        code = (
            "import argparse, sys\n"
            "from lightsernet_trainer.cli import fetch as verb\n"
            "from lightsernet_trainer.datasets import fetch\n"
            f"fetch.emodb_checksums = lambda: {SUMS!r}\n"
            f"fetch.emodb_label_checksums = lambda: {LABEL_SUMS!r}\n"
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
