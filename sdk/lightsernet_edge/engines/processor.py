"""What the processor is that this process runs on, as kernels are chosen by it."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


def architecture() -> str:
    """Return the architecture that this process is compiled for.

    Returns
    -------
    str
        As ``platform.machine()``, such as ``x86_64``, ``aarch64`` or ``armv7l``. A 32-bit
        process on a 64-bit Arm kernel, as on a Raspberry Pi 4 with the 32-bit system, is
        ``armv7l``, though the kernel calls the machine ``aarch64``.
    """
    machine = platform.machine()
    if machine in ("aarch64", "arm64", "armv8l") and sys.maxsize < 2**32:
        return "armv7l"
    return "aarch64" if machine == "arm64" else machine


def features() -> frozenset[str]:
    """Return the processor's features as Linux names them, such as ``avx2`` or ``asimddp``.

    Where Linux does not tell them, there are none.
    """
    try:
        lines = _CPUINFO.read_text("ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(
        word
        for line in lines
        if line.startswith(("flags", "Features"))
        for word in line.partition(":")[2].split()
    )
