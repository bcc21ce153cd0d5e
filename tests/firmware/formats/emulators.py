"""Exported folders on emulated boards: built with their own files, run on a clip."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lightsernet_edge.audio.recording import as_pcm16, read_recording
from lightsernet_edge.cli import main
from lightsernet_firmware.emulated.build import BOARDS, TARGETS
from lightsernet_firmware.host.build import FIXED_POINT_FRONT_END, host_library
from lightsernet_firmware.host.stream import HostModel
from tests.places import CLIP_FILES

PROGRAMS = Path(__file__).parent / "programs"
# Where an exported folder must not look for anything.
CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin"}
CLIP = CLIP_FILES[0]
# Samples in a call, as in exported_on_board.c.
CHUNK = 97
SUPPORT = [BOARDS / "common" / f"{name}.c" for name in ("print", "wav_file")]


@dataclass(frozen=True)
class Machine:
    """A machine of QEMU's, and the compiler for it.

    Attributes
    ----------
    emulator, compiler : str
    machine : tuple of str
        Arguments of the emulator.
    core, link : tuple of str
        Flags of the compiler for the core, and for linking.
    support : tuple of Path
        C files that a program needs besides `SUPPORT`: from reset to main, and the debugger.
    has_float_unit : bool
        If not, the engine's front end is the fixed-point one.
    """

    emulator: str
    compiler: str
    machine: tuple[str, ...]
    core: tuple[str, ...]
    link: tuple[str, ...]
    support: tuple[Path, ...]
    has_float_unit: bool


def _machine(target: str) -> Machine:
    board = TARGETS[target]
    toolchain = board.emulator.toolchain
    script = BOARDS / board.machine / "board.ld"
    return Machine(
        board.emulator.name,
        f"{toolchain.prefix}gcc",
        ("-machine", board.machine, *board.arguments),
        (*board.flags, toolchain.specs),
        (
            "-nostartfiles",
            f"-T{script}",
            f"-L{BOARDS / 'common'}",
            "-Wl,--fatal-warnings",
            *board.link_flags,
        ),
        (*toolchain.core_sources, toolchain.semihosting),
        board.has_float_unit,
    )


MACHINES = {target: _machine(target) for target in TARGETS}


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip a test where a program is missing, and name it."""
    missing = [name for name in programs if not shutil.which(name)]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def interpreter_of(program: str) -> str:
    """Return the interpreter of the environment that a Python program is installed in."""
    path = shutil.which(program)
    assert path is not None
    return str(Path(path).parent / "python")


def export(name: str, folder: Path, *more: str) -> Path:
    """Export the model that ships."""
    assert main(["export", *more, "--format", name, "--out", str(folder)]) == 0
    return folder


def run(*command: object, **more: Any) -> str:
    """Run a tool that knows nothing of this project; return what it prints."""
    done = subprocess.run(
        [str(word) for word in command],
        **{"env": CLEAN_ENVIRONMENT, "timeout": 600, "check": False, **more},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def expected(folder: Path, has_float_unit: bool = True) -> dict[str, Any]:
    """Return what the engine of this machine says of `CLIP`: the bits of its features too."""
    engine = host_library(more_flags=() if has_float_unit else FIXED_POINT_FRONT_END)
    model = HostModel((folder / "model.lsn").read_bytes(), str(engine))
    stream = model.stream()
    pcm = as_pcm16(read_recording(CLIP, 16000).samples)
    rows, digest = 0, 2166136261
    for start in range(0, pcm.size, CHUNK):
        stream.push(pcm[start : start + CHUNK])
        if stream.rows != rows:
            rows = stream.rows
            for byte in stream.last_features().tobytes():
                digest = (digest ^ byte) * 16777619 & 0xFFFFFFFF
    stream.finish()
    result = stream.result()
    assert result is not None
    logits, posteriors = ([int(value) for value in values] for values in result)
    label = model.labels[int(np.argmax(result[1]))]
    return {
        "self_test": 0,
        "label": label,
        "features": digest,
        "logits": logits,
        "posteriors": posteriors,
    }


def emulate(machine: Machine, program: Path) -> dict[str, Any]:
    """Run a program made of ``exported_on_board.c`` on `CLIP`."""
    shutil.copy(CLIP, program.parent / "clip.wav")
    command = [machine.emulator, *machine.machine, "-nographic", "-monitor", "none"]
    command += ["-serial", "none", "-kernel", str(program), "-semihosting-config"]
    done = subprocess.run(
        [*command, "enable=on,target=native,arg=program,arg=clip.wav"],
        cwd=program.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    # The board's console is the emulator's standard output or error.
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("{")]
    assert done.returncode == 0, done.stdout + done.stderr
    said: dict[str, Any] = json.loads(lines[0])
    return said


def build(
    machine: Machine,
    sources: list[Path],
    includes: list[Path],
    flags: tuple[str, ...],
    folder: Path,
) -> Path:
    """Compile exported sources with a program for the board, and link both."""
    program = folder / "program.elf"
    objects = []
    includes = [*includes, BOARDS / "common"]
    for source in [*sources, *SUPPORT, *machine.support, PROGRAMS / "exported_on_board.c"]:
        # The board's linker script knows the model by the name of its file.
        objects.append(folder / f"{source.stem}.o")
        run(
            machine.compiler,
            *machine.core,
            *flags,
            *(f"-I{path}" for path in includes),
            "-c",
            source,
            "-o",
            objects[-1],
        )
    run(machine.compiler, *machine.core, *machine.link, *objects, "-lm", "-o", program)
    return program
