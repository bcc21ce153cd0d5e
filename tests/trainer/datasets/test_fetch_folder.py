"""The folder that EMO-DB is fetched to: what is in it already is kept."""

from pathlib import Path

import pytest

from lightsernet_edge.errors import DatasetError, InputError, LightSernetError
from lightsernet_trainer.datasets import fetch as fetch_module
from tests.trainer.datasets.fetching import fetch, fetch_fails
from tests.trainer.datasets.made_up_emodb import ENTRIES, OTHERS, tree

pytest.importorskip("pooch")


class TestFolder:
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
