"""``export --format fused`` beside the runtime, on both interpreters and a hundred clips."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.classifier import open_classifier
from lightsernet_edge.model.file import default_model_path, read_model
from lightsernet_firmware.formats.networks.fused import fused
from tests.environments.virtual_environment import VirtualEnvironment
from tests.places import GOLDEN

FUSED_POSTERIORS = Path(__file__).with_name("fused_posteriors.py")
N_CLIPS = 100
# Of an int8 softmax.
STEP = 1 / 256


@pytest.mark.parametrize("precision", ["int8", "float32"])
def test_the_runtimes_posteriors_on_a_hundred_clips(
    precision: str,
    everything: VirtualEnvironment,
    tflite: VirtualEnvironment,
    emodb: Path,
    tmp_path: Path,
    figure: Callable[[str], None],
) -> None:
    file = read_model(default_model_path() if precision == "int8" else GOLDEN / "float32.tflite")
    files = sorted((emodb / "wav").glob("*.wav"))
    chosen = [files[index * len(files) // N_CLIPS] for index in range(N_CLIPS)]
    clips = {path.stem: read_recording(path, 16000).samples.astype(np.float32) for path in chosen}
    classifier = open_classifier(file)
    wanted = np.array(
        [classifier.posteriors(classifier.front_end.features(clip)) for clip in clips.values()]
    )
    model, waveforms = tmp_path / "fused.tflite", tmp_path / "waveforms.npz"
    model.write_bytes(fused(file))
    np.savez(waveforms, **clips)
    for environment, name in ((everything, "ai_edge_litert"), (tflite, "tflite_runtime")):
        done = environment.run(FUSED_POSTERIORS, model, waveforms, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert said["interpreter"] == name
        assert list(said["posteriors"]) == list(clips)
        away = np.abs(np.array(list(said["posteriors"].values())) - wanted).max(axis=1)
        equal = np.count_nonzero(away < 1e-6)
        figure(f"{name}: {equal} clips equal, {away.max():.1e} at most")
        if precision == "float32":
            assert away.max() < 1e-3
        else:
            # A feature on the edge of two integers, which float32 puts on the other side: one of
            # some 200,000, so few clips have it.
            assert away.max() <= 3 * STEP + 1e-6
            assert equal >= 0.95 * N_CLIPS
