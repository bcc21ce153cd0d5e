"""The integers of every engine that a Pi can have, beside the reference kernels' on x86."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.raspberry_pi.conftest import Reference
from tests.raspberry_pi.emulated_pi import (
    PI_2_OF_32_BITS,
    PI_3,
    PI_4,
    PI_4_OF_32_BITS,
    PI_5,
    Core,
    EmulatedPi,
)

PROGRAMS = Path(__file__).parent / "programs"
LITERT = ("sdk", "base")
TFLITE = ("sdk", "tflite", "base")
# Those that are to give the reference integers, by system and the packages there.
EXACT = [
    ("aarch64", LITERT, ("default", "litert", "native")),
    ("aarch64", TFLITE, ("tflite",)),
    ("armhf", TFLITE, ("tflite", "native")),
]
# Measured only.
OTHERS = [
    ("aarch64", LITERT, ("builtin", "litert+xnnpack")),
    ("aarch64", TFLITE, ("tflite+xnnpack",)),
    ("armhf", TFLITE, ("tflite+xnnpack",)),
]
CORES = {"aarch64": PI_4, "armhf": PI_4_OF_32_BITS}
OTHER_CORES = [("aarch64", PI_3), ("aarch64", PI_5), ("armhf", PI_2_OF_32_BITS)]
COUNTED = [
    (system, CORES[system], sites, engine)
    for system, sites, engines in (*EXACT, *OTHERS)
    for engine in engines
]
# It has SDOT.
COUNTED.append(("aarch64", PI_5, LITERT, "native"))

Start = Callable[[str, Core], EmulatedPi]


def outputs(
    pi: EmulatedPi, sites: Sequence[str], engines: Sequence[str], clips: Sequence[Path]
) -> dict[str, Any]:
    program = PROGRAMS / "outputs.py"
    done = pi.python(program, "--engines", *engines, "--clips", *clips, sites=sites)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["machine"] == pi.system.machine
    return result


def differing(found: dict[str, list[int]], reference: dict[str, Reference]) -> dict[str, int]:
    """Return the clips whose integers are others, and by how much at most."""
    steps = {
        name: max(abs(a - b) for a, b in zip(values, reference[name].output, strict=True))
        for name, values in found.items()
    }
    return {name: step for name, step in steps.items() if step}


@pytest.mark.parametrize(("system", "sites", "engines"), EXACT)
def test_the_reference_integers(
    system: str,
    sites: Sequence[str],
    engines: Sequence[str],
    raspberry_pi: Start,
    fifty_clips: list[Path],
    reference: dict[str, Reference],
    figure: Callable[[str], None],
) -> None:
    result = outputs(raspberry_pi(system, CORES[system]), sites, engines, fifty_clips)
    hashes = {name: hashlib.sha256(r.rows.tobytes()).hexdigest() for name, r in reference.items()}
    assert result["rows"] == hashes
    for engine in engines:
        assert len(result["outputs"][engine]) == len(fifty_clips)
        assert not differing(result["outputs"][engine], reference), engine
        figure(f"{system}, {engine}: the same integers on {len(fifty_clips)} clips")


@pytest.mark.parametrize(("system", "core"), OTHER_CORES, ids=lambda value: str(value)[:20])
def test_other_cores_give_the_same(
    system: str,
    core: Core,
    raspberry_pi: Start,
    fifty_clips: list[Path],
    reference: dict[str, Reference],
) -> None:
    clips = fifty_clips[::12]
    for of_system, sites, engines in EXACT:
        if of_system == system:
            result = outputs(raspberry_pi(system, core), sites, engines, clips)
            for engine in engines:
                assert not differing(result["outputs"][engine], reference), engine


def test_without_an_interpreter_the_default_is_as_exact(
    raspberry_pi: Start, fifty_clips: list[Path], reference: dict[str, Reference]
) -> None:
    """As with a Python that tflite-runtime is not made for."""
    pi = raspberry_pi("armhf", PI_4_OF_32_BITS)
    result = outputs(pi, LITERT, ("default",), fifty_clips[::12])
    assert not differing(result["outputs"]["default"], reference)


@pytest.mark.parametrize(("system", "sites", "engines"), OTHERS)
def test_how_far_the_others_are(
    system: str,
    sites: Sequence[str],
    engines: Sequence[str],
    raspberry_pi: Start,
    fifty_clips: list[Path],
    reference: dict[str, Reference],
    figure: Callable[[str], None],
) -> None:
    result = outputs(raspberry_pi(system, CORES[system]), sites, engines, fifty_clips)
    for engine in engines:
        found = differing(result["outputs"][engine], reference)
        figure(
            f"{system}, {engine}: other integers on {len(found)} of {len(fifty_clips)} clips, "
            f"by at most {max(found.values(), default=0)}"
        )
        # Steps of 1/256.
        assert max(found.values(), default=0) < 16, engine


@pytest.mark.parametrize(
    ("system", "core", "sites", "engine"), COUNTED, ids=lambda value: getattr(value, "cpu", None)
)
def test_what_an_utterance_costs(
    system: str,
    core: Core,
    sites: Sequence[str],
    engine: str,
    raspberry_pi: Start,
    plugin: Path,
    figure: Callable[[str], None],
) -> None:
    pi = raspberry_pi(system, core)
    front_end, network, *again = pi.counts(
        PROGRAMS / "utterance.py", engine, sites=sites, plugin=plugin
    )
    assert again == [pytest.approx(count, rel=0.01) for count in (front_end, network)]
    figure(
        f"{system}, {core.cpu}, {engine}: {network / 1e6:.1f} million instructions for the "
        f"network on 3 s, {front_end / 1e6:.1f} million for the front end in Python"
    )
