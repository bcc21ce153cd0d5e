"""Front ends that have a name."""

from __future__ import annotations

from dataclasses import replace

from ..errors import InputError
from .spec import FeatureSpec

RECIPES: dict[str, FeatureSpec] = {
    spec.name: spec
    for spec in (
        # The front end of the original Light-SERNet code (arXiv 2110.03435):
        # the MFCCs of tf.signal on 3 s clips, levelled by their own percentile.
        FeatureSpec(
            name="light-sernet",
            clip_seconds=3.0,
            level="percentile",
            n_mels=128,
            log_floor=1e-6,
            clip_value=10.0,
        ),
        # python_speech_features.mfcc with nfilt 40, preemph 0, ceplifter 0,
        # appendEnergy False and a periodic Hann window, on the int16 scale.
        # That package replaces the energy of an empty band by 2**-52.
        FeatureSpec(
            name="psf",
            sample_scale=32768.0,
            spectrum="power",
            filterbank="binned",
            n_mels=40,
            log="replace-zero",
            log_floor=2.0**-52,
            dct="orthonormal",
        ),
        # The default: causal and independent of the gain. The log floor lies 80 dB below
        # the running peak, above the quantisation steps of quiet 16-bit audio and the
        # rounding of a float32 FFT.
        FeatureSpec(
            name="edge",
            padding="repeat",
            level="running-peak",
            level_release_s=3.0,
            level_floor=1e-3,
            n_mels=64,
            log_floor=1e-4,
            dct="orthonormal",
        ),
    )
}


INPUT_TYPES = ("mfcc", "mel-spectrogram", "spectrogram")


def recipe(name: str, input_type: str = "mfcc", seconds: float | None = None) -> FeatureSpec:
    """Return a named front end, or a variant of it.

    Parameters
    ----------
    name : str
        A key of `RECIPES`.
    input_type : {"mfcc", "mel-spectrogram", "spectrogram"}
        Where the pipeline ends: cepstrum, log mel bands, or FFT bins.
    seconds : float, optional
        Length that clips are cropped or padded to, for recipes that do this; others ignore
        it.

    Returns
    -------
    FeatureSpec

    Raises
    ------
    InputError
        If there is no such recipe or input type, or `seconds` is out of range.
    """
    if name not in RECIPES:
        raise InputError(f"features: found {name!r}, expected one of {', '.join(RECIPES)}")
    spec = RECIPES[name]
    if input_type == "mel-spectrogram":
        spec = replace(spec, output="log-mel", n_coefficients=spec.n_mels)
    elif input_type == "spectrogram":
        spec = replace(spec, output="spectrogram", n_coefficients=spec.fft_length // 2 + 1)
    elif input_type != "mfcc":
        raise InputError(
            f"input_type: found {input_type!r}, expected one of {', '.join(INPUT_TYPES)}"
        )
    if seconds is not None and spec.clip_seconds is not None:
        spec = replace(spec, clip_seconds=seconds)
    return spec
