"""The readers of EMO-DB, RAVDESS and IEMOCAP, on real EMO-DB and on trees of empty files."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from lightsernet_edge.errors import DatasetError
from lightsernet_trainer.datasets import emodb as emodb_layout
from lightsernet_trainer.datasets import load
from tests.trainer.datasets.dataset_trees import refuse, touch


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
