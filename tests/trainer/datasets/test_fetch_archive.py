"""The archive that EMO-DB is fetched as: whole, cut, corrupted, hostile."""

import hashlib
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightsernet_edge.errors import DatasetError, DownloadError, LightSernetError
from lightsernet_edge.files.folder_lock import locked
from lightsernet_trainer.datasets import archive as archive_module
from lightsernet_trainer.datasets.archive import unpack
from lightsernet_trainer.datasets.fetch import FetchReport, fetch_emodb
from tests.trainer.datasets.download_server import Server
from tests.trainer.datasets.fetching import fetch, fetch_fails
from tests.trainer.datasets.made_up_emodb import (
    ENTRIES,
    LABEL_SUMS,
    OTHERS,
    RECORDINGS,
    SIZE,
    SUMS,
    tree,
    zipped,
)

pytest.importorskip("pooch")


class TestArchive:
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

    @pytest.mark.parametrize("file", OTHERS)
    def test_wrong_bytes_in_all_else(self, local: Path, to: Path, file: str) -> None:
        local.write_bytes(zipped(ENTRIES | {file: b"other"}))
        message = fetch_fails(DatasetError, to, archive=local)
        assert f"{file} is damaged" in message
        assert LABEL_SUMS[file] in message

    def test_what_is_not_of_the_data_set_is_not_kept(self, local: Path, to: Path) -> None:
        strangers = ("wav/run.sh", "wav/a/b.wav", "lablaut/x", "silb/08a01Wa.silb", "silb/a/b")
        local.write_bytes(zipped(ENTRIES | dict.fromkeys(strangers, b"x")))
        fetch(to, archive=local)
        assert tree(to) == ENTRIES

    def test_another_fetch_is_at_work(self, local: Path, to: Path) -> None:
        to.mkdir(parents=True)
        with locked(to):
            assert "another fetch" in fetch_fails(DatasetError, to, archive=local)

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
            # Below a recording.
            "wav/03a01Wa.wav/evil.txt",
            "wav/" + "a" * 300 + "/evil.txt",
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
