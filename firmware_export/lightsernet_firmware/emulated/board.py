"""The engine on a board that QEMU emulates: runs clips, and counts instructions."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.audio.wav import wav_bytes
from lightsernet_edge.errors import LightSernetError, MissingDependencyError

from ..cross_build import code_bytes
from ..firmware_model import FirmwareModel
from ..host.outcome import Outcome
from .build import board, build_program

# Clips per run of the emulator, and the seconds that one may take.
_CLIPS_A_RUN = 25
_SECONDS_A_CLIP = 120
# Seconds that a count may take; a 3 s utterance takes about ten.
_BENCH_TIMEOUT_S = 900
# Virtual time advances by one nanosecond per instruction.
_COUNT = ("-icount", "shift=0")


class EmulatedBoard:
    """A model on an emulated board.

    Parameters
    ----------
    model : FirmwareModel
    target : str
        A key of `TARGETS`.
    optimization : str
        Level of the compiler: ``-O2``, ``-O3`` or ``-Os``.

    Raises
    ------
    InputError
        If there is no such target.
    MissingDependencyError
        If the cross compiler or QEMU is not installed.
    ModelError
        If the engine cannot run the model.
    """

    def __init__(self, model: FirmwareModel, target: str, optimization: str = "-O2") -> None:
        self._board = board(target)
        emulator = self._board.emulator
        self._emulator = shutil.which(emulator.name)
        if self._emulator is None:
            raise MissingDependencyError(
                f"a board with {target} needs {emulator.name}, which is not found "
                f"(Debian: apt-get install {emulator.package})"
            )
        self._target = target
        self._optimization = optimization
        self._model = model
        # A model that cannot run is refused here, before anything is built.
        _ = model.blob

    def run_features(self, clips: list[NDArray[np.int8]]) -> list[Outcome]:
        """Run rows of features, each of shape (n_frames, n_coefficients)."""
        return self._run("features", [rows.tobytes() for rows in clips])

    def run_samples(self, clips: list[NDArray[np.int16]]) -> list[Outcome]:
        """Run samples, as WAV files that the board reads in odd-sized chunks."""
        rate = self._model.file.record.features.sample_rate
        return self._run("wav", [wav_bytes(samples, rate) for samples in clips])

    def count_instructions(self, rows: int, samples: int) -> dict[str, Any]:
        """Count the instructions of an utterance.

        Parameters
        ----------
        rows, samples : int
            Length of the utterance in rows of features, and in samples.

        Returns
        -------
        dict
            ``network_instructions``, ``front_end_instructions``,
            ``instructions_per_utterance``, ``stage_instructions`` (a list),
            ``stack_bytes``, ``ram_bytes``, ``text_bytes``. Counts have the
            resolution of one tick: 25 to 50 instructions, one on RISC-V.
        """
        defines = (f"-DBENCH_ROWS={rows}u", f"-DBENCH_SAMPLES={samples}u")
        elf = self._program("bench", defines)
        (line,) = self._emulate(elf, [], Path.cwd(), _BENCH_TIMEOUT_S, _COUNT)
        scale = self._board.tick_ns
        network = round(line["network_ticks"] * scale)
        whole = round(line["all_ticks"] * scale) if "all_ticks" in line else None
        return {
            "instructions_per_utterance": whole,
            "network_instructions": network,
            "front_end_instructions": None if whole is None else whole - network,
            "stage_instructions": [round(ticks * scale) for ticks in line["stage_ticks"]],
            "ram_bytes": line["ram_bytes"],
            "stack_bytes": line["stack_bytes"],
            "text_bytes": code_bytes(self._program("footprint"), self._board.emulator.toolchain),
        }

    def run_program(self, source: Path, counting: bool = False) -> list[dict[str, Any]]:
        """Run another C program on the board; return the JSON lines that it prints.

        Parameters
        ----------
        source : Path
            The file with its `main`.
        counting : bool
            Whether the board's time is that of its instructions; emulation is slower then.
        """
        more = _COUNT if counting else ()
        return self._emulate(self._program(source), [], Path.cwd(), _BENCH_TIMEOUT_S, more)

    def _program(self, name: str | Path, defines: tuple[str, ...] = ()) -> Path:
        return build_program(name, self._model, self._target, self._optimization, defines)

    def _run(self, kind: str, contents: list[bytes]) -> list[Outcome]:
        elf = self._program("run_clips")
        outcomes = []
        for start in range(0, len(contents), _CLIPS_A_RUN):
            part = contents[start : start + _CLIPS_A_RUN]
            with tempfile.TemporaryDirectory() as folder:
                words = []
                for index, content in enumerate(part):
                    (Path(folder) / f"{index}").write_bytes(content)
                    words += [kind, f"{index}"]
                lines = self._emulate(elf, words, Path(folder), _SECONDS_A_CLIP * len(part))
            if len(lines) != len(part):
                raise LightSernetError(
                    f"{self._target}: {len(lines)} of {len(part)} clips came back"
                )
            outcomes += [self._outcome(line) for line in lines]
        return outcomes

    def _outcome(self, line: dict[str, Any]) -> Outcome:
        if line.get("status") != 0:
            raise LightSernetError(f"{self._target}: the engine answers {line}")
        features = None
        if "features" in line:
            features = np.frombuffer(bytes.fromhex(line["features"]), np.int8)
            features = features.reshape(-1, self._model.plan.coefficients)
        return Outcome(
            np.array(line["logits"], np.int8), np.array(line["posteriors"], np.int8), features
        )

    def _emulate(
        self, elf: Path, words: list[str], folder: Path, timeout_s: int, more: tuple[str, ...] = ()
    ) -> list[dict[str, Any]]:
        arguments = "".join(f",arg={word}" for word in [elf.stem, *words])
        command = [str(self._emulator), "-machine", self._board.machine]
        command += [*self._board.arguments, "-nographic"]
        command += ["-monitor", "none", "-serial", "none", *more, "-kernel", str(elf)]
        command += ["-semihosting-config", f"enable=on,target=native{arguments}"]
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=timeout_s,
            )
        except subprocess.TimeoutExpired:
            raise LightSernetError(
                f"{self._target}: the emulator did not end within {timeout_s} s"
            ) from None
        # The board's console is the emulator's standard output or error.
        lines = [
            json.loads(line)
            for line in (done.stdout + done.stderr).splitlines()
            if line.startswith("{")
        ]
        if done.returncode != 0 or any("error" in line for line in lines):
            text = (done.stdout + done.stderr).strip().splitlines() or ["no message"]
            raise LightSernetError(f"{self._target}: the program failed: {text[-1]}")
        return lines
