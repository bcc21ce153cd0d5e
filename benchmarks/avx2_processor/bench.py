"""The engine's AVX2 kernels beside LiteRT with XNNPACK, held to AVX2 as well, and not held.

Usage: python benchmarks/avx2_processor/bench.py [--runs N] [--json]

Runs `bench --target host` N times each way, in turns, and prints the medians. XNNPACK asks
the processor what it has; in the runs that are held, ``show_avx2.c`` answers. For x86-64
Linux, with gcc, where /proc/cpuinfo has cpuid_fault.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SHOW_AVX2 = Path(__file__).with_name("show_avx2.c")
VERB = "import sys; from lightsernet_edge.cli import main; sys.exit(main())"
FIELDS = ("network_ms", "litert_ms", "litert_xnnpack_ms", "network_by_xnnpack")


def bench(preload: Path | None) -> dict[str, Any]:
    """Run the verb once, with a library preloaded."""
    environment = {**os.environ, "LIGHTSERNET_KERNELS": "avx2"}
    if preload is not None:
        environment["LD_PRELOAD"] = str(preload)
    done = subprocess.run(
        [sys.executable, "-c", VERB, "bench", "--target", "host", "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"status {done.returncode}: {done.stderr.strip() or 'CPUID cannot be trapped'}")
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def medians(runs: list[dict[str, Any]]) -> dict[str, float]:
    """Return the median of each field over the runs."""
    return {field: statistics.median(run[field] for run in runs) for field in FIELDS}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "show_avx2.so"
        subprocess.run(
            ["gcc", "-O2", "-shared", "-fPIC", str(SHOW_AVX2), "-o", str(library)], check=True
        )
        bench(None)  # compiles the engine
        pairs = [(bench(library), bench(None)) for _ in range(arguments.runs)]
    held, free = (medians(list(runs)) for runs in zip(*pairs, strict=True))
    if arguments.json:
        print(json.dumps({"held": held, "free": free}))
        return
    for name, found in (("XNNPACK held to AVX2", held), ("not held", free)):
        print(name, *(f"{field} {value:.2f}" for field, value in found.items()), sep="  ")


if __name__ == "__main__":
    main()
