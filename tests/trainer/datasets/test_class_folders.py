"""The reader of class folders, on trees of empty files."""

from pathlib import Path

import pytest

from lightsernet_edge.audio.scan import find_audio_below
from lightsernet_edge.errors import AudioWarning, DatasetError
from lightsernet_trainer.datasets import load
from tests.trainer.datasets.dataset_trees import refuse, touch


class TestFolders:
    def test_labels_are_the_folders(self, tmp_path: Path) -> None:
        touch(tmp_path, "b/1.wav", "b/2.FLAC", "a/1.ogg", "a/2.mp3", "a/notes.txt")
        touch(tmp_path, ".x/1.wav", "a/.x/3.wav", "a/._1.wav")
        corpus = load("folders", tmp_path)
        assert corpus.counts == {"a": 2, "b": 2}
        assert corpus.speakers == ()
        assert load("folders", tmp_path, labels=["b", "a"]).labels == ("b", "a")

    def test_what_is_passed_over_is_counted_in_one_line(self, tmp_path: Path) -> None:
        touch(tmp_path, "a/1.opus", "a/2.aiff", "a/3.m4a", "b/1.AIF", "b/2.au", "b/3.m4a")
        touch(tmp_path, "b/notes.txt", "b/.x.txt", "b/._1.m4a", "README.txt")
        (tmp_path / "a" / "gone.wav").symlink_to(tmp_path / "nowhere.wav")
        with pytest.warns(AudioWarning) as caught:
            assert load("folders", tmp_path).counts == {"a": 2, "b": 2}
        (warning,) = caught
        assert str(warning.message) == (
            f"{tmp_path}: passed over 3 files not named as recordings (2 .m4a, 1 .txt) and "
            "1 links to files that are not there"
        )

    def test_a_class_of_what_is_not_read(self, tmp_path: Path) -> None:
        touch(tmp_path, "a/1.wav", "a/2.wav", "b/1.m4a", "b/2.m4a")
        assert "no audio in this class folder but 2 .m4a" in refuse(
            DatasetError, "folders", tmp_path
        )

    def test_linked_folders(self, tmp_path: Path) -> None:
        """As if they were there: speakers, class folders, each folder once, no circles."""
        there = touch(tmp_path / "there", "bo/1.wav", "b/ann/1.wav", "b/bo/1.wav")
        data = touch(tmp_path / "data", "a/ann/1.wav")
        (data / "a" / "bo").symlink_to(there / "bo")
        (data / "b").symlink_to(there / "b")
        corpus = load("folders", data)
        assert corpus.counts == {"a": 2, "b": 2}
        assert corpus.speakers == ("ann", "bo")
        (data / "a" / "up").symlink_to(data)
        (data / "a" / "again").symlink_to(data / "a" / "ann")
        (data / "a" / "self").symlink_to(data / "a")
        found = find_audio_below(data / "a")
        # "up" leads to a new folder, and in it to "a", and to "b" by its link.
        assert found.again == 3
        assert [path.relative_to(data / "a") for path in found.recordings] == [
            Path("ann/1.wav"),
            Path("bo/1.wav"),
            Path("up/b/ann/1.wav"),
            Path("up/b/bo/1.wav"),
        ]

    def test_speaker_from_the_file_name(self, tmp_path: Path) -> None:
        touch(tmp_path, *(f"{c}/{s}{n}.wav" for c in "ab" for s in ("ann_x", "bo-") for n in "12"))
        assert load("folders", tmp_path).speakers == ("ann", "bo")

    def test_speaker_from_a_folder(self, tmp_path: Path) -> None:
        touch(tmp_path, "a/ann/x_1.wav", "a/bo/x_2.wav", "b/ann/y_1.wav", "b/bo/2/y.wav")
        assert load("folders", tmp_path).speakers == ("ann", "bo")

    @pytest.mark.parametrize(
        "names",
        [
            ["a/a_1.wav", "a/a_2.wav", "b/b_1.wav", "b/b_2.wav"],
            ["a/rec_1.wav", "a/rec_2.wav", "b/rec_3.wav", "b/rec_4.wav"],
            ["a/ann_1.wav", "a/bo_2.wav", "b/ann_3.wav", "b/bo_4.wav", "a/5.wav", "b/6.wav"],
            ["a/001-x.wav", "a/002-x.wav", "b/003-x.wav", "b/004-x.wav"],
        ],
        ids=["class", "constant", "not-all", "number"],
    )
    def test_prefixes_that_name_nobody(self, tmp_path: Path, names: list[str]) -> None:
        corpus = load("folders", touch(tmp_path, *names))
        assert {clip.speaker for clip in corpus.clips} == {""}

    def test_names_of_macos(self, tmp_path: Path) -> None:
        """A folder's name may be decomposed where the label that was typed is not."""
        touch(tmp_path, *(f"{c}/Ju\u0308rgen/{n}.wav" for c in ("A\u0308rger", "b") for n in "12"))
        for labels in (None, ["b", "\u00c4rger"], ["b", "A\u0308rger"]):
            corpus = load("folders", tmp_path, labels=labels)
            assert set(corpus.labels) == {"b", "\u00c4rger"}
            assert corpus.counts == dict.fromkeys(corpus.labels, 2)
            assert corpus.speakers == ("J\u00fcrgen",)

    @pytest.mark.parametrize("label", ["uncertain", "J\udcfcrgen", "a\x1b[2J"])
    def test_labels_that_no_model_may_have(self, tmp_path: Path, label: str) -> None:
        touch(tmp_path, "a/1.wav", "a/2.wav", f"{label}/1.wav", f"{label}/2.wav")
        assert repr(label) in refuse(DatasetError, "folders", tmp_path)

    def test_class_with_one_clip(self, tmp_path: Path) -> None:
        touch(tmp_path, "a/1.wav", "a/2.wav", "b/1.wav")
        message = refuse(DatasetError, "folders", tmp_path)
        assert "'b'" in message
        assert "b/1.wav" in message

    def test_one_class(self, tmp_path: Path) -> None:
        assert "'a'" in refuse(DatasetError, "folders", touch(tmp_path, "a/1.wav", "a/2.wav"))

    def test_class_folder_without_audio(self, tmp_path: Path) -> None:
        touch(tmp_path, "a/1.wav", "a/2.wav", "b/1.wav", "b/2.wav", "c/notes.txt")
        assert f"{tmp_path / 'c'}" in refuse(DatasetError, "folders", tmp_path)

    def test_label_that_is_not_among_the_given(self, tmp_path: Path) -> None:
        touch(tmp_path, "a/1.wav", "a/2.wav", "b/1.wav", "b/2.wav")
        assert f"{tmp_path / 'b'}" in refuse(DatasetError, "folders", tmp_path, labels=["a", "c"])

    def test_given_label_without_a_clip(self, tmp_path: Path) -> None:
        touch(tmp_path, "a/1.wav", "a/2.wav", "b/1.wav", "b/2.wav")
        message = refuse(DatasetError, "folders", tmp_path, labels=["a", "b", "c"])
        assert "'c' has no clip" in message

    def test_audio_outside_the_class_folders(self, tmp_path: Path) -> None:
        touch(tmp_path, "a/1.wav", "a/2.wav", "b/1.wav", "b/2.wav", "stray.wav")
        assert "stray.wav" in refuse(DatasetError, "folders", tmp_path)
