"""What cores take for a multiply-accumulate and for a sum, as `known_boards.json` has it.

Usage: python benchmarks/core_costs.py [TARGET ...]

Counts the instructions of the widest and of the narrowest model that ship on each emulated core,
and solves for the two; and the front end's instructions for a frame.
"""

from __future__ import annotations

import argparse

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from lightsernet_edge.model.file import read_model
from lightsernet_firmware.comparison.benchmark import bench
from lightsernet_firmware.emulated.build import TARGETS
from lightsernet_firmware.firmware_model import FirmwareModel

MODELS = ("edge", "edge-s")


def core_cost(target: str) -> tuple[float, float, float]:
    """Return instructions for a multiply-accumulate, for a sum, and for a frame of features."""
    work, counted, frame = [], [], 0.0
    for name in MODELS:
        model = FirmwareModel(read_model(name))
        counts = bench(model, target)
        costs = model.layer_costs(counts["frames"], target)
        work.append([sum(cost.macs for cost in costs), sum(cost.results for cost in costs)])
        counted.append(counts["network_instructions"])
        frame = counts["front_end_instructions"] / counts["frames"]
    by_mac, by_result = np.linalg.solve(np.array(work, float), np.array(counted, float))
    return float(by_mac), float(by_result), frame


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", help=f"some of {', '.join(TARGETS)}")
    table = Table(box=None, header_style="bold")
    for column in ("target", "a multiply-accumulate", "a sum", "a frame"):
        table.add_column(column, justify="left" if column == "target" else "right")
    targets = parser.parse_args().targets or [*TARGETS]
    if unknown := set(targets) - set(TARGETS):
        parser.error(f"found {', '.join(sorted(unknown))}, expected some of {', '.join(TARGETS)}")
    for target in track(targets, "cores"):
        by_mac, by_result, frame = core_cost(target)
        table.add_row(target, f"{by_mac:.4g}", f"{by_result:.4g}", f"{frame:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
