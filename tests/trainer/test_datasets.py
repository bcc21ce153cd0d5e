"""The readers of each layout, on real EMO-DB and on trees of empty files."""

import csv
import io
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lightsernet_edge.errors import DatasetError, InputError
from lightsernet_trainer.datasets import LAYOUTS, Clip, Corpus, load
from lightsernet_trainer.datasets import emodb as emodb_layout


def touch(folder: Path, *names: str) -> Path:
    """Make empty files: the readers read no audio."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def refuse(kind: type[Exception], *args: object, **options: object) -> str:
    """Return the message of the error that `load` must raise; it is one line."""
    with pytest.raises(kind) as caught:
        load(*args, **options)  # type: ignore[arg-type]
    assert type(caught.value) is kind
    message = str(caught.value)
    assert "\n" not in message
    assert "expected" in message
    return message


class TestCorpus:
    def test_clips_are_sorted_whatever_order_they_come_in(self) -> None:
        clips = [
            Clip(Path("b.wav"), "x", "1"),
            Clip(Path("a.wav"), "x", "1", 2.0, 3.0),
            Clip(Path("a.wav"), "y", "2", None, 2.0),
            Clip(Path("a.wav"), "y", "2"),
        ]
        corpus = Corpus("c", ("x", "y"), tuple(clips))
        assert corpus.clips == (clips[2], clips[3], clips[1], clips[0])

    def test_speakers_and_counts(self) -> None:
        clips = (Clip(Path("a.wav"), "x", "2"), Clip(Path("b.wav"), "x", ""))
        corpus = Corpus("c", ("y", "x"), clips)
        assert corpus.speakers == ("2",)
        assert not corpus.speakers_known
        assert list(corpus.counts.items()) == [("y", 0), ("x", 2)]


class TestEmodb:
    def test_real_counts_and_speakers(self, emodb: Path) -> None:
        corpus = load("emodb", emodb)
        assert corpus.labels == (
            "anger",
            "boredom",
            "disgust",
            "fear",
            "happiness",
            "sadness",
            "neutral",
        )
        assert corpus.counts == {
            "anger": 127,
            "boredom": 81,
            "disgust": 46,
            "fear": 69,
            "happiness": 71,
            "sadness": 62,
            "neutral": 79,
        }
        speakers = Counter(clip.speaker for clip in corpus.clips)
        assert speakers == dict(
            zip(
                ["03", "08", "09", "10", "11", "12", "13", "14", "15", "16"],
                (49, 58, 43, 38, 55, 35, 61, 69, 56, 71),
                strict=True,
            )
        )
        assert corpus.speakers_known
        assert Counter((c.speaker, c.label) for c in corpus.clips)["09", "fear"] == 1
        assert load("emodb", emodb / "wav") == corpus

    def test_each_letter(self, tmp_path: Path) -> None:
        for letter in "WLEAFTN":
            touch(tmp_path, f"wav/03a01{letter}a.wav", f"wav/16b10{letter}f.wav")
        touch(tmp_path, "wav/._03a01Wa.wav", "wav/notes.txt", "erkennung.txt")
        corpus = load("emodb", tmp_path)
        labels = {clip.path.name[5]: clip.label for clip in corpus.clips}
        assert [labels[letter] for letter in "WLEAFTN"] == list(emodb_layout.LABELS)
        assert len(corpus.clips) == 14
        assert corpus.speakers == ("03", "16")

    @pytest.mark.parametrize("name", ["hello.wav", "03a01Xa.wav", "03c01Wa.wav", "3a01Wa.wav"])
    def test_a_name_that_is_not_emodb(self, tmp_path: Path, name: str) -> None:
        touch(tmp_path, "03a01Wa.wav", name)
        assert name in refuse(DatasetError, "emodb", tmp_path)

    def test_class_with_one_clip(self, tmp_path: Path) -> None:
        touch(tmp_path, "03a01Wa.wav", "03a02Wa.wav", "03a01Aa.wav")
        message = refuse(DatasetError, "emodb", tmp_path)
        assert "'fear'" in message
        assert "03a01Aa.wav" in message
        assert load("emodb", tmp_path, trainable=False).counts == {"anger": 2, "fear": 1}

    def test_one_class(self, tmp_path: Path) -> None:
        touch(tmp_path, "03a01Wa.wav", "03a02Wa.wav")
        assert "'anger'" in refuse(DatasetError, "emodb", tmp_path)


class TestRavdess:
    @pytest.fixture
    def tree(self, tmp_path: Path) -> Path:
        for actor in ("01", "24"):
            for emotion in range(1, 9):
                touch(tmp_path, f"Actor_{actor}/03-01-{emotion:02d}-01-01-01-{actor}.wav")
            for emotion in range(1, 7):
                touch(tmp_path, f"Actor_{actor}/03-02-{emotion:02d}-01-01-01-{actor}.wav")
            touch(tmp_path, f"Actor_{actor}/01-01-01-01-01-01-{actor}.wav")
            touch(tmp_path, f"Actor_{actor}/02-01-01-01-01-01-{actor}.mp4")
        return tmp_path

    def test_speech(self, tree: Path) -> None:
        corpus = load("ravdess", tree, part="speech")
        by_code = {clip.path.name[6:8]: clip.label for clip in corpus.clips}
        assert tuple(by_code[f"{n:02d}"] for n in range(1, 9)) == corpus.labels
        assert corpus.labels == (
            "neutral",
            "calm",
            "happiness",
            "sadness",
            "anger",
            "fear",
            "disgust",
            "surprise",
        )
        assert corpus.speakers == ("01", "24")
        assert {clip.path.name[:5] for clip in corpus.clips} == {"03-01"}

    def test_parts_add_up(self, tree: Path) -> None:
        speech, song, everything = (
            load("ravdess", tree, part=part) for part in ("speech", "song", "all")
        )
        assert song.labels == everything.labels[:6]
        assert set(speech.clips) | set(song.clips) == set(everything.clips)
        assert (len(speech.clips), len(song.clips)) == (16, 12)

    def test_flat(self, tmp_path: Path) -> None:
        touch(tmp_path, *(f"03-01-0{e}-01-01-0{r}-07.wav" for e in (1, 5) for r in (1, 2)))
        assert load("ravdess", tmp_path).counts == {"neutral": 2, "anger": 2}

    def test_a_copy_that_holds_everything_twice(self, tree: Path) -> None:
        name = "03-01-01-01-01-01-01.wav"
        touch(tree, f"again/Actor_01/{name}")
        message = refuse(DatasetError, "ravdess", tree)
        assert f"Actor_01/{name}" in message
        assert f"again/Actor_01/{name}" in message

    def test_a_name_that_is_not_ravdess(self, tree: Path) -> None:
        touch(tree, "Actor_01/03-01-09-01-01-01-01.wav")
        assert "03-01-09" in refuse(DatasetError, "ravdess", tree)


def iemocap_dialog(root: Path, dialog: str, turns: Sequence[tuple[str, str]]) -> None:
    """Write one dialog's evaluation, as the release has it, and the turns' empty files."""
    session = root / f"Session{int(dialog[3:5])}"
    lines = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
    for number, (turn, emotion) in enumerate(turns):
        name = f"{dialog}_{turn}"
        times = f"[{number}.2901 - {number + 1}.2357]"
        lines += [
            f"{times}\t{name}\t{emotion}\t[2.5000, 2.5000, 2.5000]",
            "C-E2:\tNeutral;\t()",
            "",
        ]
        touch(session / "sentences" / "wav" / dialog, f"{name}.wav")
    evaluation = touch(session / "dialog" / "EmoEvaluation", f"{dialog}.txt") / f"{dialog}.txt"
    evaluation.write_text("\n".join(lines), encoding="ascii")


class TestIemocap:
    @pytest.fixture
    def tree(self, tmp_path: Path) -> Path:
        every = ["ang", "hap", "exc", "sad", "neu", "fru", "xxx", "sur", "fea", "dis", "oth"]
        iemocap_dialog(tmp_path, "Ses01F_impro01", [(f"F{n:03d}", e) for n, e in enumerate(every)])
        iemocap_dialog(tmp_path, "Ses01F_impro02", [(f"M{n:03d}", e) for n, e in enumerate(every)])
        scripted = [(f"FXX{n}", e) for n, e in enumerate(every)] + [("M001", "neu")]
        iemocap_dialog(tmp_path, "Ses05M_script01_1", scripted)
        touch(tmp_path, "Session1/dialog/EmoEvaluation/._Ses01F_impro01.txt")
        touch(tmp_path, "Session1/dialog/EmoEvaluation/Categorical/Ses01F_impro01_e1_cat.txt")
        return tmp_path

    def test_four_classes_with_excitement_as_happiness(self, tree: Path) -> None:
        corpus = load("iemocap", tree)
        assert corpus.labels == ("anger", "happiness", "sadness", "neutral")
        assert corpus.counts == {"anger": 3, "happiness": 6, "sadness": 3, "neutral": 4}
        assert all(clip.path.is_file() for clip in corpus.clips)

    def test_speaker_is_who_speaks_not_who_wears_the_markers(self, tree: Path) -> None:
        corpus = load("iemocap", tree)
        speaker = {clip.path.stem: clip.speaker for clip in corpus.clips}
        assert speaker["Ses01F_impro01_F000"] == "Ses01F"
        assert speaker["Ses01F_impro02_M000"] == "Ses01M"
        assert speaker["Ses05M_script01_1_FXX0"] == "Ses05F"
        assert corpus.speakers == ("Ses01F", "Ses01M", "Ses05F", "Ses05M")

    def test_parts(self, tree: Path) -> None:
        improvised = load("iemocap", tree, part="improvised")
        scripted = load("iemocap", tree, part="scripted", trainable=False)
        assert {clip.path.parent.name for clip in improvised.clips} == {
            "Ses01F_impro01",
            "Ses01F_impro02",
        }
        assert {clip.path.parent.name for clip in scripted.clips} == {"Ses05M_script01_1"}
        assert len(improvised.clips) + len(scripted.clips) == len(load("iemocap", tree).clips)

    def test_a_turn_without_audio(self, tree: Path) -> None:
        name = "Ses01F_impro02_M003.wav"
        (tree / "Session1/sentences/wav/Ses01F_impro02" / name).unlink()
        assert name in refuse(DatasetError, "iemocap", tree)

    def test_a_line_that_cannot_be_read(self, tree: Path) -> None:
        evaluation = tree / "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt"
        evaluation.write_text("%\n\n[1.0 - 2.0] Ses01F_impro01_F000 ang\n", encoding="ascii")
        message = refuse(DatasetError, "iemocap", tree)
        assert f"{evaluation}: line 3" in message

    def test_no_evaluations(self, tmp_path: Path) -> None:
        (tmp_path / "Session1").mkdir()
        assert "evaluations of Session1" in refuse(DatasetError, "iemocap", tmp_path)


class TestFolders:
    def test_labels_are_the_folders(self, tmp_path: Path) -> None:
        touch(tmp_path, "b/1.wav", "b/2.FLAC", "a/1.ogg", "a/2.mp3", "a/notes.txt")
        touch(tmp_path, ".x/1.wav", "a/.x/3.wav", "a/._1.wav")
        corpus = load("folders", tmp_path)
        assert corpus.counts == {"a": 2, "b": 2}
        assert corpus.speakers == ()
        assert load("folders", tmp_path, labels=["b", "a"]).labels == ("b", "a")

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


class TestLoad:
    @pytest.mark.parametrize("dataset", sorted(set(LAYOUTS) - {"manifest"}))
    def test_no_folder_a_file_and_an_empty_folder(self, tmp_path: Path, dataset: str) -> None:
        assert "gone: not found" in refuse(DatasetError, dataset, tmp_path / "gone")
        touch(tmp_path, "file.wav")
        assert "is a file" in refuse(DatasetError, dataset, tmp_path / "file.wav")
        (tmp_path / "empty").mkdir()
        assert "holds no audio" in refuse(DatasetError, dataset, tmp_path / "empty")

    def test_unknown_dataset(self, tmp_path: Path) -> None:
        message = refuse(InputError, "savee", tmp_path)
        assert "'savee'" in message
        assert "emodb ravdess iemocap folders manifest" in message

    @pytest.mark.parametrize(
        ("dataset", "part"), [("emodb", "speech"), ("ravdess", "scripted"), ("iemocap", "")]
    )
    def test_unknown_part(self, tmp_path: Path, dataset: str, part: str) -> None:
        assert repr(part) in refuse(InputError, dataset, tmp_path, part=part)

    @pytest.mark.parametrize("labels", [["a", "a"], ["a", ""]])
    def test_labels_twice_or_empty(self, tmp_path: Path, labels: list[str]) -> None:
        assert "labels" in refuse(InputError, "folders", tmp_path, labels=labels)

    def test_labels_for_a_layout_that_has_its_own(self, tmp_path: Path) -> None:
        assert "emodb has its own" in refuse(InputError, "emodb", tmp_path, labels=["a", "b"])

    def test_readers_are_light(self) -> None:
        """Listing files loads neither NumPy nor TensorFlow."""
        # The runtime's own package imports NumPy, so stand in for it with an empty one.
        code = (
            "import importlib.util, sys, types\n"
            "package = types.ModuleType('lightsernet_edge')\n"
            "spec = importlib.util.find_spec('lightsernet_edge')\n"
            "package.__path__ = spec.submodule_search_locations\n"
            "sys.modules['lightsernet_edge'] = package\n"
            "import lightsernet_trainer.datasets\n"
            "heavy = {'numpy', 'tensorflow', 'keras', 'scipy', 'soundfile', 'soxr'}\n"
            "print(sorted(heavy & set(sys.modules)))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "[]"
