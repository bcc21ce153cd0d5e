"""The recogniser with the model that ships, on real clips."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from lightsernet_edge import AudioError, EmotionRecognizer, InputError
from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.errors import AudioWarning
from tests.places import CLIP_FILES, CLIPS


@pytest.fixture(scope="module")
def recognizer() -> EmotionRecognizer:
    return EmotionRecognizer()


@pytest.mark.parametrize("clip", CLIP_FILES, ids=lambda path: path.stem)
def test_sample_clips(clip: Path, recognizer: EmotionRecognizer) -> None:
    """They were trained on: this shows that the parts fit together, not skill."""
    emotion = recognizer.classify(clip)
    assert emotion.label == clip.stem.split("_")[0]
    assert emotion.confidence == max(emotion.posteriors.values())
    assert list(emotion.posteriors) == list(recognizer.labels)
    # They begin and end with a little quiet.
    assert 0.0 <= emotion.start_s < 0.3
    assert 0.0 <= soundfile.info(clip).duration - emotion.end_s < 0.5
    # What is left to 1 is that of the output for what is no emotion.
    assert 0.8 < sum(emotion.posteriors.values()) < 1.03


def test_clips_do_not_influence_each_other(recognizer: EmotionRecognizer) -> None:
    clips = CLIP_FILES
    forth = [recognizer.classify(clip) for clip in clips]
    back = [recognizer.classify(clip) for clip in reversed(clips)]
    assert forth == back[::-1]
    assert forth[2] == EmotionRecognizer().classify(clips[2])


@pytest.mark.parametrize("gain_db", [-24.0, 6.0])
def test_gain_does_not_matter(gain_db: float, recognizer: EmotionRecognizer) -> None:
    same = 0
    clips = CLIP_FILES
    for clip in clips:
        samples = read_recording(clip, 16000).samples
        quiet = np.clip(np.rint(samples * 10 ** (gain_db / 20) * 32768), -32768, 32767)
        emotion = recognizer.classify_samples(quiet.astype(np.int16), 16000)
        same += emotion.label == recognizer.classify(clip).label
    assert same >= len(clips) - 1


def test_long_recordings_are_split(recognizer: EmotionRecognizer) -> None:
    """A minute of the same clip over and over is heard as that clip, in bounded memory."""
    samples = read_recording(CLIPS / "anger_03a02Wc.wav", 16000).samples
    long = np.tile(samples, 60)[: 61 * 16000]
    emotion = recognizer.classify_samples(long, 16000, whole=True)
    assert emotion.label == "anger"
    assert emotion.end_s == 61.0
    emotion = recognizer.classify_samples(long, 16000)
    assert emotion.label == "anger"
    assert 55.0 < emotion.judged_s < 61.0


def test_too_short(recognizer: EmotionRecognizer) -> None:
    recognizer.classify_samples(np.zeros(4800, dtype=np.int16), 16000)
    with pytest.raises(AudioError, match=r"lasts 0\.2999 s"):
        recognizer.classify_samples(np.zeros(4799, dtype=np.int16), 16000)


@pytest.mark.parametrize("rate", [0, -1, 999, None, "16000", float("nan"), True, 16000.5])
def test_rates_that_are_none(rate: Any, recognizer: EmotionRecognizer) -> None:
    with pytest.raises(InputError, match=r"sample_rate: found .*, expected a whole number"):
        recognizer.classify_samples(np.zeros(16000), rate)


def test_a_start_that_is_no_time(recognizer: EmotionRecognizer) -> None:
    with pytest.raises(InputError, match="start_s: found nan"):
        recognizer.classify_samples(np.zeros(16000), 16000, start_s=float("nan"))


@pytest.mark.parametrize("threads", [0, -1])
def test_threads(threads: int) -> None:
    with pytest.raises(InputError, match=r"^threads: "):
        EmotionRecognizer(threads=threads)


def test_unknown_engine() -> None:
    with pytest.raises(InputError, match=r"^engine: .*'magic'"):
        EmotionRecognizer(engine="magic")


def test_tensorflow_gives_the_same_integers(recognizer: EmotionRecognizer) -> None:
    other = EmotionRecognizer(engine="tensorflow")
    for clip in CLIP_FILES:
        recording = read_recording(clip, 16000)
        np.testing.assert_array_equal(other.output(recording), recognizer.output(recording))


def test_integers_are_the_reference_kernels(recognizer: EmotionRecognizer) -> None:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    from lightsernet_edge.features import FrontEnd

    reference = Interpreter(
        model_content=recognizer.file.model,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
    )
    front_end = FrontEnd(recognizer.file.record.features)
    quantization = recognizer.file.graph.input.quantization
    for clip in CLIP_FILES[:3]:
        recording = read_recording(clip, 16000)
        rows = quantization.quantize(front_end.features(recording.samples))
        index = reference.get_input_details()[0]["index"]
        reference.resize_tensor_input(index, [1, *rows.shape, 1])
        reference.allocate_tensors()
        reference.set_tensor(index, rows[None, :, :, None])
        reference.invoke()
        expected = reference.get_tensor(reference.get_output_details()[0]["index"])[0]
        np.testing.assert_array_equal(recognizer.output(recording), expected)


def test_xnnpack_runs_utterances_of_different_lengths() -> None:
    xnnpack = EmotionRecognizer(xnnpack=True)
    labels = [xnnpack.classify(clip).label for clip in CLIP_FILES]
    expected = [clip.stem.split("_")[0] for clip in CLIP_FILES]
    assert np.mean(np.equal(labels, expected)) > 0.8


def test_utterances_in_a_recording(recognizer: EmotionRecognizer, tmp_path: Path) -> None:
    """Clips with pauses between them, in a room's noise, are found one by one."""
    random = np.random.default_rng(3)
    parts, speech, position = [np.zeros(8000)], [], 8000
    clips = CLIP_FILES
    for clip in clips:
        samples = read_recording(clip, 16000).samples
        speech.append((position / 16000, (position + samples.size) / 16000))
        parts += [samples, np.zeros(16000)]
        position += samples.size + 16000
    recording = np.concatenate(parts)
    recording += random.normal(0.0, 1e-3, recording.size)
    path = tmp_path / "several.wav"
    soundfile.write(path, recording, 16000, subtype="PCM_16")
    found = recognizer.classify_utterances(path)
    assert len(found) == len(clips)
    for emotion, (start_s, end_s) in zip(found, speech, strict=True):
        # The clips begin and end with a little quiet of their own.
        assert start_s - 0.15 <= emotion.start_s <= start_s + 0.35
        assert end_s - 0.5 <= emotion.end_s <= end_s + 0.15
    labels = [emotion.label for emotion in found]
    expected = [clip.stem.split("_")[0] for clip in clips]
    assert sum(np.equal(labels, expected)) >= len(clips) - 1


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_nobody_speaks(level: float, recognizer: EmotionRecognizer, tmp_path: Path) -> None:
    path = tmp_path / "quiet.wav"
    noise = np.random.default_rng(0).normal(0.0, level, 32000)
    soundfile.write(path, noise, 16000, subtype="PCM_16")
    with pytest.warns(AudioWarning, match=r"quiet.wav: found no speech$"):
        assert recognizer.classify_utterances(path) == []
    with pytest.warns(AudioWarning, match=r"quiet.wav: found no speech, so the answer"):
        recognizer.classify(path)


def test_long_recordings_get_one_answer_and_a_warning(
    recognizer: EmotionRecognizer, tmp_path: Path
) -> None:
    path = tmp_path / "long.wav"
    clip = soundfile.read(CLIPS / "anger_03a02Wc.wav", dtype="int16")[0]
    soundfile.write(path, np.tile(clip, 25), 16000)
    with pytest.warns(AudioWarning, match=r"long.wav: lasts 37 s and gets one answer"):
        assert recognizer.classify(path, whole=True).end_s > 30
    with pytest.warns(AudioWarning, match=r"long.wav: holds 3\d s of speech and gets one answer"):
        assert recognizer.classify(path).end_s > 30


@pytest.mark.parametrize("kept_s", [0.0, 1000.0])
def test_judged_in_blocks_as_in_memory(
    kept_s: float,
    recognizer: EmotionRecognizer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lightsernet_edge.audio.long_recording._KEPT_S", kept_s)
    path = tmp_path / "long.wav"
    clip = soundfile.read(CLIPS / "anger_03a02Wc.wav", dtype="int16")[0]
    samples = np.tile(np.r_[clip, np.zeros(16000, np.int16)], 25)[: 61 * 16000 + 1]
    soundfile.write(path, samples, 16000)
    for whole, warned in ((True, "lasts 61 s"), (False, "holds 3. s of speech")):
        in_memory = recognizer.classify_samples(samples, 16000, whole=whole)
        with pytest.warns(AudioWarning, match=warned):
            assert recognizer.classify(path, whole=whole) == in_memory
    found = recognizer.classify_utterances(path)
    assert len(found) > 20
    for emotion in (found[0], found[-1]):
        start, end = (round(16000 * second) for second in (emotion.start_s, emotion.end_s))
        cut = recognizer.classify_samples(samples[start:end], 16000, whole=True)
        assert emotion.posteriors == cut.posteriors


def test_no_warning_at_the_models_own_rate(recognizer: EmotionRecognizer) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recognizer.classify(CLIPS / "anger_03a02Wc.wav")
