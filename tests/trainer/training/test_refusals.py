"""What a run refuses before its first epoch, and in which words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from rich.console import Console

from lightsernet_edge.cli import main
from lightsernet_edge.errors import AudioError
from lightsernet_edge.features import recipe
from lightsernet_trainer.datasets.clip import Clip
from lightsernet_trainer.training.feature_store import FeatureStore

QUIET = Console(quiet=True)


def wav(path: Path, seconds: float = 0.5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).normal(0, 3000, int(16000 * seconds))
    soundfile.write(path, noise.astype(np.int16), 16000)
    return path


def test_all_bad_clips_are_named_together(tmp_path: Path) -> None:
    clips = [Clip(wav(tmp_path / f"{i}.wav", 0.01 if i % 2 else 0.5), "a", "") for i in range(26)]
    (tmp_path / "0.wav").write_bytes(b"no audio")
    store = FeatureStore(recipe("edge"), variants=("gain:-6",))
    with pytest.raises(AudioError) as refusal:
        store.load(clips, QUIET)
    message = str(refusal.value)
    assert message.startswith("14 of 26 clips cannot be used: ")
    assert message.endswith("; and 4 more")
    for name in ("0.wav", "1.wav", "17.wav"):
        assert message.count(f"{tmp_path / name}: ") == 1
    assert "\n" not in message
    with pytest.raises(AudioError, match=r"^[^;]*expected at least 0\.3 s$"):
        store.load(clips[1:3], QUIET)


@pytest.mark.parametrize("speakers", [["03"], ["03", ""]])
def test_speakers_that_cannot_be_held_out(
    speakers: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = ["file,label,speaker"]
    for label in "ab":
        for i in range(2):
            wav(tmp_path / f"{label}{i}.wav")
            rows.append(f"{label}{i}.wav,{label},{speakers[i % len(speakers)]}")
    (tmp_path / "m.csv").write_text("\n".join(rows))
    out = str(tmp_path / "out")
    status = main(
        ["train", "--dataset", "manifest", "--data", str(tmp_path / "m.csv"), "--out", out]
    )
    error = capsys.readouterr().err
    assert status == 2
    expected = "of one speaker" if len(speakers) == 1 else "2 of 4 clips name no speaker"
    assert expected in error
    assert not (tmp_path / "out").exists()


STARTED = """
import sys
from lightsernet_edge.errors import MissingDependencyError
from lightsernet_trainer.network import backend
try:
    backend.start()
except MissingDependencyError as error:
    sys.exit(str(error))
import keras
print(keras.config.image_data_format(), keras.config.floatx(), keras.config.epsilon())
"""


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('{"image_data_format": "channels_first", "floatx": "float16", "epsilon": 0.1}', None),
        ('{"backend": "theano"}', "theano"),
    ],
)
def test_settings_of_keras(settings: str, says: str | None, tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text(settings)
    environment = {**os.environ, "KERAS_HOME": str(tmp_path)}
    environment.pop("KERAS_BACKEND", None)
    done = subprocess.run(
        [sys.executable, "-c", STARTED],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if says is None:
        assert done.stdout == "channels_last float32 1e-07\n", done.stderr
    else:
        (line,) = done.stderr.splitlines()
        assert says in line
        assert f"{tmp_path}/keras.json" in line


def test_a_file_name_that_is_not_utf_8(tmp_path: Path) -> None:
    clip = Clip(wav(tmp_path / "good.wav").rename(tmp_path / "J\udcfcrgen.wav"), "a", "")
    store = FeatureStore(recipe("edge"), "disk", tmp_path / "features")
    store.load([clip], QUIET)
    assert len(store.rows(clip)) > 0
