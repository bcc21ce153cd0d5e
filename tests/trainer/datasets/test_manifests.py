"""The reader of manifests: rows, times and labels, good and bad."""

import csv
import io
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightsernet_edge.errors import DatasetError
from lightsernet_trainer.datasets import Clip, load
from tests.trainer.datasets.dataset_trees import refuse, touch

GOOD = "file,label,speaker\na.wav,x,1\nb.wav,x,2\nsub/c.flac,y,1\nd.wav,y,2\n"


class TestManifest:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return touch(tmp_path, "a.wav", "b.wav", "sub/c.flac", "d.wav", "e.txt")

    def write(self, folder: Path, text: str | bytes) -> Path:
        path = folder / "list.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def test_rows(self, folder: Path) -> None:
        corpus = load("manifest", self.write(folder, GOOD))
        assert corpus.labels == ("x", "y")
        assert corpus.clips[-1] == Clip(folder / "sub/c.flac", "y", "1")
        assert all(clip.path.is_file() for clip in corpus.clips)
        assert load("manifest", folder / "list.csv", labels=["y", "x"]).labels == ("y", "x")

    @pytest.mark.parametrize(
        "text",
        [
            b"\xef\xbb\xbf" + GOOD.encode(),
            GOOD.replace("\n", "\r\n").encode(),
            GOOD.replace("\n", "\n\n,,\n").encode(),
            GOOD.rstrip("\n").encode(),
            GOOD.replace("file,label", " File , LABEL").encode(),
            GOOD.replace("a.wav", '"a.wav"').encode(),
        ],
        ids=["bom", "crlf", "empty-lines", "no-last-newline", "header-case", "quoted"],
    )
    def test_spellings_of_the_same(self, folder: Path, text: bytes) -> None:
        expected = load("manifest", self.write(folder, GOOD))
        assert load("manifest", self.write(folder, text)) == expected

    def test_times(self, folder: Path) -> None:
        rows = ["a.wav,x,1,,", "a.wav,x,1,0.5,1.25", "a.wav,y,1,1.25,", "a.wav,y,,,0.5"]
        path = self.write(folder, "\n".join(["file,label,speaker,start,end", *rows]))
        found = {(clip.start_s, clip.end_s) for clip in load("manifest", path).clips}
        assert found == {(None, None), (0.5, 1.25), (1.25, None), (None, 0.5)}

    def test_other_columns_are_ignored(self, folder: Path) -> None:
        lines = GOOD.splitlines()
        text = "\n".join([f"text,{lines[0]}", *(f'"a, b",{line}' for line in lines[1:])])
        assert load("manifest", self.write(folder, text)) == load(
            "manifest", self.write(folder, GOOD)
        )

    @pytest.mark.parametrize(
        ("text", "where", "found"),
        [
            ("", "line 1", "file label speaker"),
            ("file;label;speaker\na.wav;x;1\n", "line 1", "file;label;speaker"),
            ("file,label\na.wav,x\n", "line 1", "speaker"),
            ("file,label,speaker,file\na.wav,x,1,b.wav\n", "line 1", "file"),
            (GOOD + "gone.wav,x,1\n", "line 6", "gone.wav"),
            (GOOD + "sub,x,1\n", "line 6", "sub"),
            (GOOD + "e.txt,x,1\n", "line 6", "e.txt"),
            (GOOD + ",x,1\n", "line 6", "no file"),
            (GOOD + "a.wav,,1\n", "line 6", "no label"),
            (GOOD + "a.wav,x\n", "line 6", "2 cells"),
            (GOOD + "a.wav,x,1,2\n", "line 6", "4 cells"),
            (GOOD + "a.wav,x,2\n", "line 6", "line 2"),
            (GOOD + '"a.wav,x,1\n', "line 6", "CSV"),
            (GOOD + '"a\nb.wav",x,1\n', "line 7", "b.wav"),
            (GOOD.encode() + "ä.wav,x,1\n".encode("latin-1"), "line 6", "0xe4"),
            (GOOD.encode("utf-16"), "line 1", "0xff"),
        ],
    )
    def test_bad_rows(self, folder: Path, text: str | bytes, where: str, found: str) -> None:
        path = self.write(folder, text)
        message = refuse(DatasetError, "manifest", path)
        assert f"{path}: {where}" in message
        assert found in message.replace(str(path), "")

    @pytest.mark.parametrize(
        ("start", "end", "found"),
        [
            ("2", "1", "starts at 2 s and ends at 1 s"),
            ("1", "1", "starts at 1 s and ends at 1 s"),
            ("", "0", "starts at 0 s and ends at 0 s"),
            ("nan", "1", "'nan'"),
            ("0", "NaN", "'NaN'"),
            ("0", "inf", "'inf'"),
            ("-1", "1", "'-1'"),
            ("0,5", "1", "cells"),
            ("1:30", "", "'1:30'"),
            ("x", "", "'x'"),
        ],
    )
    def test_bad_times(self, folder: Path, start: str, end: str, found: str) -> None:
        text = f"file,label,speaker,start,end\na.wav,x,1,,\nb.wav,x,1,{start},{end}\n"
        message = refuse(DatasetError, "manifest", self.write(folder, text))
        assert "line 3" in message
        assert found in message

    def test_unknown_label(self, folder: Path) -> None:
        message = refuse(DatasetError, "manifest", self.write(folder, GOOD), labels=["x", "z"])
        assert "line 4" in message
        assert "'y'" in message
        assert "x z" in message

    def test_whole_file_twice_in_other_words(self, folder: Path) -> None:
        text = "file,label,speaker,start,end\na.wav,x,1,,\na.wav,y,1,0,\n"
        assert "line 3" in refuse(DatasetError, "manifest", self.write(folder, text))

    def test_header_only(self, folder: Path) -> None:
        path = self.write(folder, "file,label,speaker\n")
        assert str(path) in refuse(DatasetError, "manifest", path)

    def test_no_such_file_and_a_folder(self, folder: Path) -> None:
        assert "not found" in refuse(DatasetError, "manifest", folder / "gone.csv")
        assert "is a folder" in refuse(DatasetError, "manifest", folder)

    @settings(max_examples=60, deadline=None)
    @given(content=st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
    def test_any_bytes_load_or_are_refused_in_one_line(
        self, tmp_path_factory: pytest.TempPathFactory, content: bytes
    ) -> None:
        folder = touch(tmp_path_factory.mktemp("m"), "a.wav")
        path = self.write(folder, b"file,label,speaker,start,end\n" + content)
        message = str(path)
        try:
            load("manifest", path, trainable=False)
        except DatasetError as error:
            message = str(error)
        assert len(message.splitlines()) == 1
        assert str(path) in message

    @settings(max_examples=40, deadline=None)
    @given(
        rows=st.lists(
            st.tuples(
                st.sampled_from(["a.wav", "b.wav", "c,d.wav", 'e"f.wav']),
                st.sampled_from(["x", "y", "zä"]),
                st.sampled_from(["", "1", "ann, b"]),
                st.floats(0, 100),
                st.floats(0.001, 100),
            ),
            min_size=1,
            max_size=8,
            unique_by=lambda row: (row[0], row[3]),
        )
    )
    def test_what_is_written_is_read(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        rows: list[tuple[str, str, str, float, float]],
    ) -> None:
        folder = touch(tmp_path_factory.mktemp("m"), "a.wav", "b.wav", "c,d.wav", 'e"f.wav')
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(["file", "label", "speaker", "start", "end"])
        clips = set()
        for file, label, speaker, start, length in rows:
            writer.writerow([file, label, speaker, repr(start), repr(start + length)])
            clips.add(Clip(folder / file, label, speaker, start, start + length))
        corpus = load("manifest", self.write(folder, text.getvalue()), trainable=False)
        assert set(corpus.clips) == clips
        assert all(math.isfinite(clip.end_s or 0.0) for clip in corpus.clips)
