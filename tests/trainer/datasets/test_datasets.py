"""What holds for the data sets of every layout."""

import subprocess
import sys
from pathlib import Path

import pytest

from lightsernet_edge.errors import DatasetError, InputError
from lightsernet_trainer.datasets import LAYOUTS, Clip, Corpus
from tests.trainer.datasets.dataset_trees import refuse, touch


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
