"""The command on a Pi without a compiler: the wheel, `classify`, `listen`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pip
import pytest

from tests.places import CLIP_FILES, CLIPS
from tests.raspberry_pi.emulated_pi import PI_4, PI_4_OF_32_BITS, Core, EmulatedPi

PIS = [("aarch64", PI_4, ("sdk", "base")), ("armhf", PI_4_OF_32_BITS, ("sdk", "tflite", "base"))]
SYSTEMS = pytest.mark.parametrize(("system", "core", "sites"), PIS, ids=["aarch64", "armhf"])

Start = Callable[[str, Core], EmulatedPi]


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def here(*arguments: str | Path) -> list[dict[str, Any]]:
    """Run the command on this machine."""
    command = [sys.executable, "-m", "lightsernet_edge", *map(str, arguments)]
    return rows(subprocess.run(command, capture_output=True, text=True, check=False))


@SYSTEMS
def test_classify(system: str, core: Core, sites: tuple[str, ...], raspberry_pi: Start) -> None:
    command = ["classify", "--engine", "native", "--json", *map(str, CLIP_FILES)]
    done = raspberry_pi(system, core).python("-m", "lightsernet_edge", *command, sites=sites)
    found, expected = rows(done), here("classify", "--json", *CLIP_FILES)
    assert len(found) == len(expected) == len(CLIP_FILES)
    for row, wanted in zip(found, expected, strict=True):
        # Of equal integers; the decision is in float64, and exp is each library's own.
        for name in ("confidence", "posteriors"):
            assert row.pop(name) == pytest.approx(wanted.pop(name), rel=1e-12)
        assert row == wanted


@SYSTEMS
@pytest.mark.parametrize("engine", [["--engine", "native"], []], ids=["native", "default"])
def test_listen_to_a_file(
    system: str, core: Core, sites: tuple[str, ...], engine: list[str], raspberry_pi: Start
) -> None:
    clip = CLIPS / CLIP_FILES[0].name
    command = ["listen", *engine, "--input", str(clip), "--fast", "--json"]
    done = raspberry_pi(system, core).python("-m", "lightsernet_edge", *command, sites=sites)
    events = rows(done)
    assert events == here(*command)
    assert any("label" in event for event in events)


@SYSTEMS
def test_pip_there_takes_the_wheel(
    system: str,
    core: Core,
    sites: tuple[str, ...],
    raspberry_pi: Start,
    wheels: dict[str, Path],
    tmp_path: Path,
) -> None:
    """Also what pip asks of the interpreter's file, such as hard floats."""
    pi = raspberry_pi(system, core)
    # Pure Python, so this machine's pip will do.
    (tmp_path / "pip").symlink_to(Path(pip.__file__).parent)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    code += "from pip._vendor.packaging.tags import sys_tags; print(*sys_tags())"
    done = pi.python("-c", code, sites=())
    assert done.returncode == 0, done.stderr
    assert wheels[pi.system.machine].stem.split("-", 2)[2] in done.stdout.split()


@SYSTEMS
def test_the_library_is_the_wheels(
    system: str, core: Core, sites: tuple[str, ...], raspberry_pi: Start
) -> None:
    code = "from lightsernet_firmware.host.build import host_library; print(host_library())"
    pi = raspberry_pi(system, core)
    done = pi.python("-c", code, sites=sites)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(pi.folder / "sdk")
