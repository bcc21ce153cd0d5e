"""`validate` as a function: what it takes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from lightsernet_edge.errors import InputError
from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware import FirmwareModel, validate


@pytest.mark.parametrize("seconds", [0.0, -1.0, 61.0, float("nan"), float("inf")])
def test_seconds_out_of_range(seconds: float, smallest: ModelFile, recordings: Path) -> None:
    with pytest.raises(InputError, match=f"seconds: found {seconds:g}, expected a number above 0"):
        validate(FirmwareModel(smallest), list(recordings.iterdir()), "native", seconds)


def test_no_recording(smallest: ModelFile) -> None:
    with pytest.raises(InputError, match="paths: found none"):
        validate(FirmwareModel(smallest), [], "native")


@pytest.mark.parametrize(
    ("engine", "reference", "says"),
    [
        ("z80", "litert", "engine: found 'z80', expected one of native, cortex-m0plus"),
        ("native", "abacus", "reference: found 'abacus', expected one of litert, litert-xnnpack"),
    ],
)
def test_unknown_names(
    engine: str, reference: str, says: str, smallest: ModelFile, recordings: Path
) -> None:
    with pytest.raises(InputError, match=says):
        validate(FirmwareModel(smallest), list(recordings.iterdir()), engine, reference=reference)


def test_a_clip_of_another_length_than_the_micro_kernels_take(
    smallest: ModelFile, recordings: Path
) -> None:
    pytest.importorskip("tflite_micro")
    with pytest.raises(InputError, match=r"^seconds: found a clip of 59 frames, expected .* 184"):
        validate(
            FirmwareModel(smallest), [recordings / "1.wav"], "native", reference="tflite-micro"
        )
