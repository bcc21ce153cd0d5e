"""The running mean of an utterance in C: Python's integers, in streams, profiles and listeners."""

from __future__ import annotations

import dataclasses
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge import EmotionRecognizer, EmotionStream
from lightsernet_edge.features import FeatureSpec, FrontEnd, recipe
from lightsernet_edge.model.file import ModelFile, read_model, write_model
from lightsernet_edge.model.tflite_graph import read_graph
from lightsernet_edge.profiles.profile import Profile, RunningProfile, fingerprint
from lightsernet_firmware.blob.build import build_blob
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_firmware.host.stream import HostModel
from lightsernet_firmware.planner.front_end_tables import front_end_tables
from lightsernet_firmware.planner.graph_planner import plan_network
from tests.firmware.engine.host_listener import HostListener
from tests.firmware.engine.listeners import (
    RATE,
    Pcm,
    assert_same,
    chunked,
    events_in_c,
    events_in_python,
    host_with,
)
from tests.firmware.engine.test_features_in_c import features_in_c, host_for
from tests.firmware.engine.test_hostile_blobs import status_of, with_word
from tests.firmware.planner.networks import SMALLEST, int8_model

# Of words 5, 25 and 26 of the front-end record.
FLAG, PRIOR_WORD, MEMORY_WORD = 32, 25, 26
# Bytes of RAM that a stream of the model that ships may take with everything on.
LARGEST_STREAM = 36_000


def specs() -> dict[str, FeatureSpec]:
    random = np.random.default_rng(5)
    edge = dataclasses.replace(
        recipe("edge"),
        mean=tuple(random.normal(0.0, 2.0, 40).tolist()),
        scale=tuple(np.geomspace(8.0, 0.5, 40).tolist()),
        clip_value=5.0,
        utterance_mean_prior_s=3.0,
    )
    return {
        "3 s": edge,
        "a short prior": dataclasses.replace(edge, utterance_mean_prior_s=0.05),
        "a long prior": dataclasses.replace(edge, utterance_mean_prior_s=30.0),
        "a high floor": dataclasses.replace(edge, log_floor=5e-3),
        "not standardised": dataclasses.replace(edge, mean=None, scale=None),
        "log-mel": dataclasses.replace(edge, output="log-mel", n_mels=40),
        "short odd frames": dataclasses.replace(
            edge, frame_length=401, hop_length=160, fft_length=512
        ),
    }


def steps_off(spec: FeatureSpec, found: NDArray[np.int8], pcm: Pcm) -> NDArray[np.int64]:
    quantization = plan_network(read_graph(int8_model(SMALLEST))).input
    expected = quantization.quantize(FrontEnd(spec).features(pcm))
    return np.abs(found.astype(np.int64) - expected).ravel()


@pytest.mark.parametrize("name", specs())
def test_speech(name: str, pcm_clips: list[Pcm], figure: object) -> None:
    spec = specs()[name]
    model = host_for(spec)
    off = np.concatenate(
        [steps_off(spec, features_in_c(model, pcm), pcm) for pcm in pcm_clips[::3]]
    )
    assert callable(figure)
    figure(f"running mean, {name}: {100 * (off == 0).mean():.3f} % equal, {off.max()} off")
    assert off.max() <= 1
    assert (off == 0).mean() >= 0.99


def test_five_minutes_without_a_reset(pcm_clips: list[Pcm], figure: object) -> None:
    """Far beyond its memory, over voices that change."""
    spec = specs()["3 s"]
    voices = np.concatenate(pcm_clips)
    pcm = np.tile(voices, -(-300 * RATE // voices.size))
    off = steps_off(spec, features_in_c(host_for(spec), pcm), pcm)
    last = off[-60 * RATE // 256 * 40 :]
    assert callable(figure)
    figure(f"running mean, the fifth minute: {100 * (last == 0).mean():.3f} % equal")
    assert off.max() <= 1
    assert (last == 0).mean() >= 0.99


def test_it_begins_anew_with_every_utterance(pcm_clips: list[Pcm]) -> None:
    model = host_for(specs()["3 s"])
    used, new = model.stream(), model.stream()
    used.push(pcm_clips[1])
    used.finish()
    used.reset()
    # But for the pointer to the model.
    assert used.ram[8:].tobytes() == new.ram[8:].tobytes()
    used.push(pcm_clips[0])
    np.testing.assert_array_equal(
        used.last_features(), features_in_c(model, pcm_clips[0])[-1].tolist()
    )


def test_rows_that_are_pushed_stay_as_they_are() -> None:
    """They are features already: neither changed, nor part of the mean of the next samples."""
    spec = specs()["3 s"]
    rows = np.random.default_rng(1).integers(-128, 128, (50, 40)).astype(np.int8)
    plain = host_for(dataclasses.replace(spec, utterance_mean_prior_s=None)).stream()
    with_mean = host_for(spec).stream()
    for stream in (plain, with_mean):
        stream.push_features(rows)
        np.testing.assert_array_equal(stream.last_features(), rows[-1])
        stream.finish()
    found, expected = with_mean.result(), plain.result()
    assert found is not None
    assert expected is not None
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    mixed, alone = host_for(spec).stream(), host_for(spec).stream()
    mixed.push_features(rows)
    noise = np.random.default_rng(2).normal(0, 1000, 2000).astype(np.int16)
    mixed.push(noise)
    alone.push(noise)
    np.testing.assert_array_equal(mixed.last_features(), alone.last_features())


def test_a_profile_takes_the_place_of_the_mean(pcm_clips: list[Pcm]) -> None:
    """Also in what the running mean begins from; and adaptation sees the rows before it."""
    spec = specs()["3 s"]
    random = np.random.default_rng(6)
    mean = np.array(spec.mean) + np.array(spec.scale) * random.uniform(-1.0, 1.0, 40)
    scale = np.array(spec.scale) * random.uniform(0.7, 1.4, 40)
    start = Profile(fingerprint(spec), tuple(mean.tolist()), tuple(scale.tolist()), 10.0)
    plain = FrontEnd(spec.without_standardisation())
    running = RunningProfile(spec, start)
    model = host_for(spec)
    stream = model.stream()
    stream.set_profile(mean, scale, 10.0)
    profile = start
    for pcm in pcm_clips[:8]:
        rows = []
        for end in range(1024, pcm.size + 1, 256):
            stream.push(pcm[end - (1024 if end == 1024 else 256) : end])
            rows.append(stream.last_features())
        off = steps_off(profile.applied_to(spec), np.array(rows, np.int8), pcm)
        assert off.max() <= 1
        assert (off == 0).mean() >= 0.99
        stream.finish()
        stream.adapt()
        stream.reset()
        running.add(plain.features(pcm))
        profile = running.profile()
        found_mean, found_scale, _ = stream.profile()
        assert np.abs((found_mean - profile.mean) / spec.scale).max() < 1e-4
        assert np.abs(found_scale / np.array(profile.scale) - 1.0).max() < 1e-4


@pytest.fixture(scope="module")
def with_mean(shipped: ModelFile, tmp_path_factory: pytest.TempPathFactory) -> ModelFile:
    """The model that ships, as if it had been trained with a running mean."""
    path = tmp_path_factory.mktemp("models") / "running-mean.tflite"
    features = dataclasses.replace(shipped.record.features, utterance_mean_prior_s=3.0)
    write_model(path, shipped.model, dataclasses.replace(shipped.record, features=features))
    return read_model(path)


@pytest.mark.parametrize(
    "arguments", [{"provisional": 1}, {"adapt": 1}, {"continuous": 1}], ids=str
)
def test_listeners(arguments: dict[str, int], with_mean: ModelFile, speech: Pcm) -> None:
    """The events of `EmotionStream`, rows held back and adaptation included."""
    options: dict[str, object] = dict.fromkeys(arguments, True)
    if "continuous" in arguments:
        options = {"mode": "continuous"}
    stream = EmotionStream(with_mean.path, engine="native", **options)  # type: ignore[arg-type]
    expected = events_in_python(stream, speech)
    listener = HostListener(host_with(with_mean), **arguments)
    assert expected
    assert_same(events_in_c(listener, chunked(speech, [997])), expected, with_mean.record)


def test_an_utterance_is_what_its_samples_alone_give(with_mean: ModelFile, speech: Pcm) -> None:
    """In C, in a stream, and for `classify`, which has the rows of the Python front end."""
    listener, stream = HostListener(host_with(with_mean)), host_with(with_mean).stream()
    recognizer = EmotionRecognizer(with_mean.path, engine="native")
    events = events_in_c(listener, [speech])
    assert len(events) >= 4
    for event in events:
        part = speech[event.start : event.end]
        stream.reset()
        stream.push(part)
        stream.finish()
        result = stream.result()
        assert result is not None
        assert event.posteriors == tuple(result[1].tolist())
        again = recognizer.classify_samples(part, RATE, whole=True)
        assert again.label == event.label


def test_ram(with_mean: ModelFile, shipped: ModelFile) -> None:
    features = dataclasses.replace(shipped.record.features, utterance_mean_prior_s=None)
    record = dataclasses.replace(shipped.record, features=features)
    model = FirmwareModel(with_mean)
    plain = FirmwareModel(dataclasses.replace(shipped, record=record))
    found = HostModel(model.blob).ram_bytes
    assert found == model.ram_bytes() == plain.ram_bytes() + 4 * 40
    assert found <= LARGEST_STREAM


def blob_with(prior_s: float | None) -> bytes:
    spec = dataclasses.replace(specs()["3 s"], utterance_mean_prior_s=prior_s)
    plan = plan_network(read_graph(int8_model(SMALLEST)))
    return build_blob(plan, front_end_tables(spec), list("abcde"))


def word_at(blob: bytes, offset: int) -> int:
    return int(struct.unpack_from("<I", blob, offset)[0])


def test_only_a_blob_that_needs_it_is_of_the_new_version() -> None:
    plain, mean = blob_with(None), blob_with(3.0)
    assert (word_at(plain, 4), word_at(mean, 4)) == (4, 5)
    # A reader of the new version opens both; both versions of one without are the same.
    assert status_of(plain) == status_of(mean) == status_of(with_word(plain, 4, 5)) == "OK"
    assert status_of(with_word(mean, 4, 6)) == status_of(with_word(mean, 4, 3)) == "BAD_VERSION"


def test_what_is_absurd_is_refused() -> None:
    blob = blob_with(3.0)
    record = word_at(blob, 28)
    assert word_at(blob, record + 20) & FLAG
    # The flag in a version that does not know it.
    assert status_of(with_word(blob, 4, 4)) == "BAD_MODEL"
    for word, values in (
        (PRIOR_WORD, (0, 0x80000000, 0xBF800000, 0x7F800000, 0x7FC00000)),
        (MEMORY_WORD, (0, 0x1000001, 0x80000000)),
    ):
        for value in values:
            assert status_of(with_word(blob, record + 4 * word, value)) == "BAD_MODEL", value
    assert status_of(with_word(blob, record + 4 * MEMORY_WORD, 0x1000000)) == "OK"
    # A record that ends behind the blob: at 25 words a whole one of the version before.
    for words, status in ((25, "BAD_MODEL"), (26, "BAD_MODEL"), (27, "OK")):
        longer = blob + bytes(-len(blob) % 16)
        moved = longer + blob[record : record + 4 * words]
        assert status_of(with_word(moved, 28, len(longer))) == status
    plain = blob_with(None)
    record = word_at(plain, 28)
    longer = plain + bytes(-len(plain) % 16)
    moved = longer + plain[record : record + 100]
    assert status_of(with_word(moved, 28, len(longer))) == "OK"


def test_the_page_has_the_words() -> None:
    from tests.places import DOCS

    text = Path(DOCS / "reference" / "blob-format.md").read_text(encoding="utf-8")
    assert "| 25 f |" in text
    assert "| 26 |" in text
