"""Conditions against scipy's filters, audioop, MPEG's headers, and measured levels and decays."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lightsernet_edge.audio.recording import read_recording
from lightsernet_edge.errors import InputError
from lightsernet_trainer.conditions import (
    active_power,
    add_noise,
    change_speed,
    clip_random,
    encode_mp3,
    gain,
    mp3,
    mu_law,
    parse_condition,
    read_noises,
    reverberate,
    room_response,
    shift_formants,
    telephone,
)
from lightsernet_trainer.conditions.codecs import mu_law_decode, mu_law_encode
from lightsernet_trainer.conditions.filters import telephone_taps

RATE = 16000
EVERY_INT16 = np.arange(-32768, 32768).astype(np.int16)
# Of an MPEG-2 layer III frame, in kbit/s, by the header's four bits.
MPEG2_KBITS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
NAMES = (
    "clean", "gain:-24", "gain:-24..6", "noise:hum:10", "noise:any:0..20", "telephone", "room",
    "room:0.3:0.5", "room:0.2..0.6:0.3..2", "mp3", "mu-law", "telephone+mu-law+gain:-6",
    "formants:1.1", "formants:0.9..1.1",
)  # fmt: skip


@pytest.fixture(scope="module")
def speech(emodb: Path) -> NDArray[np.float64]:
    return read_recording(emodb / "wav" / "03a01Fa.wav", RATE).samples


@pytest.fixture
def noise() -> NDArray[np.float64]:
    return np.random.default_rng(3).normal(size=5 * RATE)


def syllables(seconds: float = 2.0) -> NDArray[np.float64]:
    """Tones with pauses: half of the time nothing but a little noise."""
    time = np.arange(round(seconds * RATE)) / RATE
    tone = 0.2 * np.sin(2 * np.pi * 300 * time) * voiced(time.size)
    return tone + np.random.default_rng(1).normal(size=time.size) * 1e-4


def voiced(size: int) -> NDArray[np.bool_]:
    """On for 0.2 s, off for 0.2 s."""
    return np.arange(size) // round(0.2 * RATE) % 2 == 0


@pytest.mark.parametrize("decibels", [-24.0, -12.0, 0.0, 6.0])
def test_gain_is_that_of_an_int16_input_stage(decibels: float) -> None:
    audioop = audioop_or_skip()
    expected = np.frombuffer(audioop.mul(EVERY_INT16.tobytes(), 2, 10 ** (decibels / 20)), "<i2")
    # audioop rounds down where this rounds to the nearest.
    difference = gain(EVERY_INT16, decibels).astype(int) - expected
    assert set(difference.tolist()) <= {0, 1}
    assert np.array_equal(gain(EVERY_INT16 / 32768, decibels) * 32768, gain(EVERY_INT16, decibels))


def test_gain_saturates() -> None:
    loud = np.array([-32768, -20000, 20000, 32767], dtype=np.int16)
    assert gain(loud, 6.0).tolist() == [-32768, -32768, 32767, 32767]
    assert gain(loud, 0.0).tolist() == loud.tolist()


@given(st.floats(-20, 40), st.integers(0, 2**31), st.floats(0.001, 10.0))
def test_noise_has_the_ratio_asked_for(snr_db: float, seed: int, level: float) -> None:
    # Shorter than the clip, so that it is looped; of any level.
    noise = level * np.random.default_rng(0).normal(size=RATE // 3)
    clean = syllables()
    mixed = add_noise(clean, noise, snr_db, RATE, np.random.default_rng(seed))
    # Speech's own power, told from the pauses by how the clip was made.
    power = np.mean(clean[voiced(clean.size)] ** 2)
    measured = 10 * np.log10(power / np.mean((mixed - clean) ** 2))
    assert measured == pytest.approx(snr_db, abs=1e-6)


def test_noise_is_the_file_from_a_random_place_on() -> None:
    ramp = np.arange(1.0, 1001.0)
    silence_but_one = np.ones(300)
    mixed = add_noise(silence_but_one, ramp, 0.0, RATE, np.random.default_rng(4)) - 1.0
    start = int(np.random.default_rng(4).integers(1000))
    expected = ramp[(start + np.arange(300)) % 1000]
    assert np.allclose(mixed / np.linalg.norm(mixed), expected / np.linalg.norm(expected))


def test_pauses_do_not_count(speech: NDArray[np.float64]) -> None:
    pause = np.zeros(speech.size)
    assert active_power(np.concatenate([speech, pause]), RATE) == pytest.approx(
        active_power(speech, RATE), rel=0.02
    )
    assert active_power(1000 * speech, RATE) == pytest.approx(1e6 * active_power(speech, RATE))
    assert active_power(speech, RATE) >= np.mean(speech**2)
    assert active_power(pause, RATE) == active_power(np.empty(0), RATE) == 0.0


def test_level_without_pauses_over_a_corpus(emodb: Path, figure: Callable[[str], None]) -> None:
    differences = []
    for path in sorted((emodb / "wav").glob("*.wav")):
        samples = read_recording(path, RATE).samples
        differences.append(10 * np.log10(active_power(samples, RATE) / np.mean(samples**2)))
    low, median, high = np.quantile(differences, [0.0, 0.5, 1.0])
    # Read speech, cut close: the pauses are short.
    assert 0.0 <= low <= median < 2.0
    figure(f"above the whole clip's level: {low:.1f} to {high:.1f} dB, median {median:.1f} dB")


def test_silence_gets_no_noise(noise: NDArray[np.float64]) -> None:
    silence = np.zeros(1000)
    assert not add_noise(silence, noise, 0.0, RATE, np.random.default_rng()).any()


def test_telephone_is_scipys_windowed_sinc(speech: NDArray[np.float64]) -> None:
    signal = pytest.importorskip("scipy.signal")
    taps = signal.firwin(513, [300, 3400], pass_zero=False, window="hamming", fs=RATE)
    assert np.allclose(telephone_taps(RATE), taps, atol=1e-12)
    expected = signal.fftconvolve(speech, taps, mode="same")
    assert np.allclose(telephone(speech, RATE), expected, atol=1e-12)


def test_telephone_band(figure: Callable[[str], None]) -> None:
    signal = pytest.importorskip("scipy.signal")
    hertz = np.array([0, 50, 200, 300, 350, 1000, 3300, 3400, 3500, 5000, 7900])
    _, response = signal.freqz(telephone_taps(RATE), worN=hertz, fs=RATE)
    decibels = dict(zip(hertz.tolist(), 20 * np.log10(np.abs(response) + 1e-9), strict=True))
    assert max(decibels[f] for f in (0, 50, 200, 3500, 5000, 7900)) < -40
    assert all(abs(decibels[f]) < 0.5 for f in (350, 1000, 3300))
    assert decibels[300] == pytest.approx(-6, abs=0.2)
    assert decibels[3400] == pytest.approx(-6, abs=0.2)
    figure(", ".join(f"{f} Hz {value:.1f} dB" for f, value in decibels.items()))


@pytest.mark.parametrize("rt60_s", [0.2, 0.4, 0.8])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_room_decays_as_asked_for(rt60_s: float, seed: int, figure: Callable[[str], None]) -> None:
    response = room_response(RATE, rt60_s, 1.0, seed)
    # Schroeder 1965: the energy still to come, fitted from -5 to -35 dB.
    left = np.cumsum(response[::-1] ** 2)[::-1]
    decibels = 10 * np.log10(left / left[0])
    time = np.arange(response.size) / RATE
    fitted = (decibels < -5) & (decibels > -35)
    slope = np.polyfit(time[fitted], decibels[fitted], 1)[0]
    assert -60 / slope == pytest.approx(rt60_s, rel=0.05)
    figure(f"RT60 asked for {rt60_s} s, measured {-60 / slope:.3f} s")


def test_room_is_near_or_far(figure: Callable[[str], None]) -> None:
    direct = [room_response(RATE, 0.4, distance)[0] ** 2 for distance in (0.3, 1.0, 2.0)]
    ratio = 10 * np.log10(np.array(direct) / (1 - np.array(direct)))
    # Direct to reverberant sound falls by the square of the distance.
    assert np.diff(ratio) == pytest.approx(-20 * np.log10([1 / 0.3, 2.0]), abs=0.01)
    figure(", ".join(f"{value:.1f} dB" for value in ratio) + " direct to reverberant")
    assert np.argmax(np.abs(room_response(RATE, 0.4, 1.0))) == 0
    assert np.array_equal(room_response(RATE), room_response(RATE))
    for numbers in ((0.05, 1.0), (0.4, 9.0)):
        with pytest.raises(InputError, match="room: "):
            room_response(RATE, *numbers)


def test_reverberation_is_scipys_convolution(speech: NDArray[np.float64]) -> None:
    signal = pytest.importorskip("scipy.signal")
    response = room_response(RATE)
    expected = signal.oaconvolve(speech, response)[: speech.size]
    assert np.allclose(reverberate(speech, response), expected, atol=1e-12)


def audioop_or_skip():  # type: ignore[no-untyped-def]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return pytest.importorskip("audioop", reason="audioop went with Python 3.13")


def test_mu_law_is_audioops() -> None:
    audioop = audioop_or_skip()
    codes = np.frombuffer(audioop.lin2ulaw(EVERY_INT16.tobytes(), 2), np.uint8)
    assert np.array_equal(mu_law_encode(EVERY_INT16), codes)
    every_code = np.arange(256).astype(np.uint8)
    decoded = np.frombuffer(audioop.ulaw2lin(every_code.tobytes(), 2), "<i2")
    assert np.array_equal(mu_law_decode(every_code), decoded)
    assert np.array_equal(mu_law(EVERY_INT16), decoded[codes])


def test_mu_law_is_libsndfiles() -> None:
    file = io.BytesIO()
    soundfile.write(file, EVERY_INT16, RATE, format="WAV", subtype="ULAW")
    file.seek(0)
    theirs, _ = soundfile.read(file, dtype="int16")
    ours = mu_law(EVERY_INT16)
    assert np.array_equal(ours[EVERY_INT16 >= 0], theirs[EVERY_INT16 >= 0])
    # G.711 has 14 bits and leaves open how 16 become those: of negative samples, libsndfile
    # rounds the magnitude down, audioop and this the number.
    assert np.array_equal(mu_law(EVERY_INT16 & ~3), mu_law(EVERY_INT16))
    whole = EVERY_INT16 % 4 == 0
    assert np.array_equal(ours[whole], theirs[whole])


def frame_kbits(content: bytes) -> Iterator[int]:
    """Yield the bit rate in each frame's header (ISO 13818-3)."""
    place = 0
    while place + 4 <= len(content):
        sync, rates = content[place : place + 2], content[place + 2]
        assert sync[0] == 0xFF
        assert sync[1] & 0xFE == 0xF2  # MPEG-2, layer III
        assert rates >> 2 & 3 == 2  # 16 kHz
        kbits = MPEG2_KBITS[rates >> 4]
        yield kbits
        place += 72 * kbits * 1000 // RATE + (rates >> 1 & 1)


@pytest.mark.parametrize("kbits", [8, 24, 32, 64, 160])
def test_mp3_has_the_bit_rate_asked_for(
    speech: NDArray[np.float64], kbits: int, figure: Callable[[str], None]
) -> None:
    content = encode_mp3(speech, RATE, kbits)
    found = set(frame_kbits(content))
    assert found == {kbits}
    whole = len(content) * 8 / speech.size * RATE / 1000
    figure(f"MP3 at {kbits} kbit/s: each frame {found}, the file {whole:.1f} kbit/s")


@pytest.mark.parametrize("kbits", [16, 32, 64])
def test_mp3_comes_back_in_place(speech: NDArray[np.float64], kbits: int) -> None:
    decoded = mp3(speech, RATE, kbits)
    assert decoded.size == speech.size
    size = 1 << 17
    spectrum = np.fft.rfft(decoded, size) * np.conj(np.fft.rfft(speech, size))
    assert np.argmax(np.fft.irfft(spectrum, size)) == 0
    assert not np.array_equal(decoded, speech)


def test_mp3_loses_less_at_higher_rates(speech: NDArray[np.float64]) -> None:
    errors = [np.mean((mp3(speech, RATE, kbits) - speech) ** 2) for kbits in (8, 32, 64, 160)]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize(("rate", "kbits"), [(16000, 320), (4000, 32), (16000, 7), (15999, 32)])
def test_no_such_mp3(rate: int, kbits: int) -> None:
    with pytest.raises(InputError, match=f"{rate} Hz"):
        encode_mp3(np.zeros(1000), rate, kbits)


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.25])
def test_speed_moves_pitch_and_length_alike(factor: float) -> None:
    tone = np.sin(2 * np.pi * 500 * np.arange(2 * RATE) / RATE)
    faster = change_speed(tone, factor)
    assert faster.size == pytest.approx(2 * RATE / factor, abs=1)
    spectrum = np.abs(np.fft.rfft(faster * np.hanning(faster.size), 8 * RATE))
    assert np.argmax(spectrum) / 8 == pytest.approx(500 * factor, abs=0.2)


def resonance(excitation: NDArray[np.float64], hertz: float) -> NDArray[np.float64]:
    """A formant 120 Hz wide, by SciPy."""
    signal = pytest.importorskip("scipy.signal")
    pole = np.exp(np.pi * (-120.0 + 2j * hertz) / RATE)
    out = signal.lfilter([1.0], [1.0, -2.0 * pole.real, abs(pole) ** 2], excitation)
    return np.asarray(0.1 * out / out.std())


@pytest.mark.parametrize("hertz", [900.0, 2000.0])
@pytest.mark.parametrize("factor", [0.85, 1.0, 1.15])
def test_formants_move(factor: float, hertz: float, figure: Callable[[str], None]) -> None:
    signal = pytest.importorskip("scipy.signal")
    whisper = resonance(np.random.default_rng(2).normal(size=20 * RATE), hertz)
    bins, power = signal.welch(shift_formants(whisper, factor, RATE), RATE, nperseg=512)
    found = float(bins[np.argmax(power)])
    figure(f"a formant at {hertz:.0f} Hz times {factor}: {found:.0f} Hz")
    assert found == pytest.approx(hertz * factor, abs=50)


@pytest.mark.parametrize("factor", [0.8, 1.2])
def test_pitch_does_not_move_with_the_formants(factor: float) -> None:
    pulses = np.zeros(2 * RATE)
    pulses[:: RATE // 125] = 1.0
    vowel = resonance(pulses, 1500.0)
    shifted = shift_formants(vowel, factor, RATE)
    assert shifted.size == vowel.size
    lines = np.abs(np.fft.rfft(shifted * np.hanning(shifted.size))) ** 2
    from_harmonic = (np.arange(lines.size) + 125) % 250 - 125  # in half hertz
    assert lines[abs(from_harmonic) < 5].sum() > 0.9999 * lines.sum()


def test_formants_where_they_were(speech: NDArray[np.float64]) -> None:
    assert np.allclose(shift_formants(speech, 1.0, RATE), speech, rtol=0.0, atol=1e-12)


def hum() -> dict[str, NDArray[np.float64]]:
    random = np.random.default_rng(6)
    return {"hum": random.normal(size=30_000), "hiss": random.normal(size=7000)}


@pytest.mark.parametrize("name", NAMES)
def test_condition_depends_on_clip_and_seed_alone(name: str, speech: NDArray[np.float64]) -> None:
    condition = parse_condition(name, RATE, hum())
    before = speech.copy()
    first = condition(speech, clip_random("a.wav"))
    assert np.array_equal(speech, before)
    assert np.array_equal(first, condition(speech, clip_random("a.wav")))
    assert first.dtype == np.float64
    assert first.shape == speech.shape
    is_random = ".." in name or "noise" in name
    for other in (clip_random("b.wav"), clip_random("a.wav", seed=1)):
        assert np.array_equal(first, condition(speech, other)) != is_random


@pytest.mark.parametrize("name", NAMES)
def test_int16_is_float_rounded(name: str, speech: NDArray[np.float64]) -> None:
    samples = np.rint(speech * 32768).astype(np.int16)
    condition = parse_condition(name, RATE, hum())
    as_int16 = condition(samples, clip_random("a"))
    as_float = condition(samples / 32768, clip_random("a"))
    assert as_int16.dtype == np.int16
    assert np.array_equal(as_int16, np.clip(np.rint(as_float * 32768), -32768, 32767))


@pytest.mark.parametrize("name", [*NAMES, "speed:1.1"])
@pytest.mark.parametrize("size", [0, 1, 100])
def test_hardly_any_samples(name: str, size: int) -> None:
    samples = np.full(size, 0.1)
    assert np.isfinite(parse_condition(name, RATE, hum())(samples, clip_random("a"))).all()


def test_chain_is_one_after_the_other(speech: NDArray[np.float64]) -> None:
    random = clip_random("a")
    one, two = parse_condition("telephone", RATE), parse_condition("mu-law", RATE)
    both = parse_condition("telephone+mu-law", RATE)
    assert np.array_equal(both(speech, random), two(one(speech, random), random))


@pytest.mark.parametrize(
    "text",
    [
        "", "loud", "gain", "gain:", "gain:x", "gain:nan", "gain:200", "gain:6..-6", "gain:1:2",
        "noise:hum", "noise:cat:10", "noise:hum:1e9", "mp3:64", "room:9", "room:0.4:50",
        "room:0.4:1:2", "speed:0", "telephone+", "mu_law", "formants:2", "formants",
    ],
)  # fmt: skip
def test_no_such_condition(text: str) -> None:
    with pytest.raises(InputError, match=r"^condition .*: (unknown|found|noise is none of)"):
        parse_condition(text, RATE, hum())


def test_noise_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a folder of noise"):
        parse_condition("noise:hum:10", RATE)
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match="holds no noise"):
            read_noises(folder, RATE)
    soundfile.write(tmp_path / "mute.wav", np.zeros(1000), RATE)
    with pytest.raises(InputError, match=r"mute\.wav: is silent"):
        read_noises(tmp_path, RATE)


def test_noise_comes_from_several_folders_and_formats(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    names = ("a/hum.wav", "a/hiss.flac", "b/wind.ogg", "b/rain.mp3")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        soundfile.write(tmp_path / name, 0.1 * random.normal(size=8000), RATE)
    folders = [tmp_path / "a", tmp_path / "b"]
    noises = read_noises([*folders, folders[0]], RATE)
    assert list(noises) == ["hiss", "hum", "rain", "wind"]
    assert np.array_equal(noises["hum"], read_noises(folders[0], RATE)["hum"])
    soundfile.write(tmp_path / "b" / "hum.flac", random.normal(size=100), RATE)
    with pytest.raises(InputError, match=r"b/hum\.flac: is named as .*a/hum\.wav is"):
        read_noises(folders, RATE)


def test_noise_for_training_is_not_that_of_the_test(data_root: Path) -> None:
    folder = data_root / "noise"
    if not folder.is_dir():
        pytest.skip(f"no noise recordings in {folder}")
    train, test, whole = (read_noises(folder, RATE, part) for part in ("train", "test", "all"))
    assert len(whole) == 6
    for name, samples in whole.items():
        assert train[name].size + test[name].size == samples.size
        joined = np.concatenate([train[name], test[name]])
        # But for the offset, which each part has of its own.
        assert np.allclose(joined, samples, atol=1e-3)
        assert abs(samples.mean()) < 1e-12
