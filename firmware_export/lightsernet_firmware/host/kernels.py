"""Which kernels the host build has: the processor's best, or those that a variable names."""

from __future__ import annotations

import os
from collections.abc import Mapping

from lightsernet_edge.engines import processor
from lightsernet_edge.errors import InputError

VARIABLE = "LIGHTSERNET_KERNELS"

# What the kernels need of the processor, as /proc/cpuinfo names it, and what the
# compiler is told so that it uses nothing better.
_KERNELS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "plain": ("", ("-DLSN_PLAIN_KERNELS",)),
    "avx2": ("avx2", ("-mno-avx512f", "-U__AVXVNNI__")),
    "avx-vnni": ("avx_vnni", ("-mno-avx512f",)),
    "avx512-vnni": ("avx512_vnni", ()),
    "neon": ("asimd", ("-march=armv8-a",)),
    "sdot": ("asimddp", ()),
}


def kernel_flags(name: str | None = None) -> tuple[str, ...]:
    """Return the compiler's flags for kernels.

    Parameters
    ----------
    name : str, optional
        One of `runnable_kernels`; by default what ``$LIGHTSERNET_KERNELS`` names, if anything.

    Raises
    ------
    InputError
        If there are none of this name, or this processor cannot run them.
    """
    if name is None:
        name = os.environ.get(VARIABLE, "")
    if not name:
        return ()
    if name not in _KERNELS:
        raise InputError(f"{VARIABLE}: found {name!r}, expected one of {', '.join(_KERNELS)}")
    if name not in runnable_kernels():
        able = ", ".join(runnable_kernels())
        raise InputError(f"{VARIABLE}: found {name!r}, expected what this processor runs: {able}")
    return _KERNELS[name][1]


def runnable_kernels() -> list[str]:
    """Return the names of all kernels that this processor runs."""
    features = processor.features()
    return [name for name, (needed, _) in _KERNELS.items() if not needed or needed in features]
