"""Python on a Raspberry Pi that QEMU emulates: its processor and system calls, no board."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.raspberry_pi.pi_root import PYTHON, SYSTEMS, System

_TIMEOUT_S = 3000
# Of QEMU's user mode, by architecture, and the number of getppid there.
_QEMU = {"aarch64": ("qemu-aarch64", 173), "armhf": ("qemu-arm", 64)}
_COUNT = re.compile(r"^instructions (\d+)\n", re.MULTILINE)


@dataclass(frozen=True)
class Core:
    """A processor as QEMU and as Linux name it.

    Attributes
    ----------
    cpu : str
        QEMU's name.
    part : int
        Arm's number of the core.
    features : str
        As in /proc/cpuinfo.
    """

    cpu: str
    part: int
    features: str


_V8 = "fp asimd evtstrm crc32 cpuid"
_V7 = "half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm crc32"
PI_3 = Core("cortex-a53", 0xD03, _V8)
PI_4 = Core("cortex-a72", 0xD08, _V8)
PI_5 = Core("cortex-a76", 0xD0B, f"{_V8} atomics fphp asimdhp asimdrdm lrcpc dcpop asimddp")
PI_2_OF_32_BITS = Core("cortex-a7", 0xC07, _V7.removesuffix(" crc32"))
# QEMU has the 64-bit cores in 64-bit mode only; this one has all that they have in 32.
PI_4_OF_32_BITS = Core("max", 0xD08, _V7)


@dataclass(frozen=True)
class EmulatedPi:
    """A system's Python on a core.

    Attributes
    ----------
    name : str
        One of `SYSTEMS`.
    folder : Path
        What `pi_root` made.
    core : Core
    """

    name: str
    folder: Path
    core: Core

    @property
    def system(self) -> System:
        """The operating system."""
        return SYSTEMS[self.name]

    def python(
        self,
        *arguments: str | Path,
        sites: Sequence[str] = ("sdk", "base"),
        plugin: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run Python with packages of the folders `sites`, and no program on its PATH."""
        root = self.folder / "root"
        self._describe_processor(root)
        program, getppid = _QEMU[self.name]
        qemu = shutil.which(program)
        if qemu is None:
            pytest.skip(f"not installed: {program}")
        counting = [] if plugin is None else ["-plugin", f"{plugin},getppid={getppid}"]
        python = root / "usr/bin" / f"python{PYTHON}"
        command = [qemu, *counting, "-cpu", self.core.cpu, "-L", root, python, *arguments]
        return subprocess.run(
            [str(word) for word in command],
            env={
                "PATH": "/nowhere",
                "HOME": "/nowhere",
                "LC_ALL": "C.UTF-8",
                "PYTHONPATH": ":".join(str(self.folder / site) for site in sites),
                "PYTHONSAFEPATH": "",
                "OPENBLAS_NUM_THREADS": "1",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )

    def counts(
        self, program: Path, *arguments: str, sites: Sequence[str], plugin: Path
    ) -> list[int]:
        """Return the instructions between the calls of getppid that a program makes."""
        done = self.python(program, *arguments, sites=sites, plugin=plugin)
        assert done.returncode == 0, done.stderr
        totals = [int(text) for text in _COUNT.findall(done.stderr)]
        return [later - earlier for earlier, later in itertools.pairwise(totals)]

    def _describe_processor(self, root: Path) -> None:
        # QEMU would show that of this machine; LiteRT 2.2 and later crash on it.
        (root / "proc").mkdir(exist_ok=True)
        architecture = 8 if self.name == "aarch64" else 7
        (root / "proc/cpuinfo").write_text(
            "".join(
                f"processor\t: {index}\nBogoMIPS\t: 108.00\nFeatures\t: {self.core.features}\n"
                f"CPU implementer\t: 0x41\nCPU architecture: {architecture}\nCPU variant\t: 0x0\n"
                f"CPU part\t: {self.core.part:#05x}\nCPU revision\t: 3\n\n"
                for index in range(4)
            )
        )
