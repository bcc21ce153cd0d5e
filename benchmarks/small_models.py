"""The models that ship side by side: what each costs on a Cortex-M4, and how well it does.

Usage: python benchmarks/small_models.py RESULTS [--models DIR] [--picture FILE]

RESULTS is the folder of the kept results: it has those of `edge`, and a folder for every other
model, of its name. Printed are two tables as Markdown, which docs/results/small-models.md has: the
costs, counted on an emulated core; and the UA of int8 in per cent, the mean of a model's seeds.
FILE gets the picture, as SVG.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lightsernet_edge.errors import InputError, LightSernetError
from lightsernet_edge.files.atomic_write import write_atomically
from lightsernet_edge.model.file import read_model
from lightsernet_edge.model.shipped import DEFAULT, model_path, shipped_models
from lightsernet_firmware.comparison.benchmark import bench
from lightsernet_firmware.firmware_model import FirmwareModel
from lightsernet_trainer.conditions.condition import CLEAN
from lightsernet_trainer.report.markdown import per_cent, table
from lightsernet_trainer.report.pictures import cost_picture, standalone
from lightsernet_trainer.report.runs import condition_scores, group_runs
from lightsernet_trainer.report.tables import condition_order
from lightsernet_trainer.results.file import read_folder

TARGET = "cortex-m4"
LOSO = "loso"
MEAN = "mean"
# What the smallest is to fit: bytes of flash, and half of a 64 MHz core.
FLASH_BOUND, INSTRUCTIONS_BOUND = 128 * 1024, 25e6

# UA in 0..1 by protocol and condition; the mean over the conditions of `loso` among them.
Accuracy = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Cost:
    """What a model costs: bytes, and instructions for a second of audio."""

    parameters: int
    blob: int
    code: int
    stream_ram: int
    listener_ram: int | None
    instructions: int


def cost(path: Path) -> Cost:
    """Plan a model, and count its instructions on the emulated core."""
    model = FirmwareModel(read_model(path))
    counted = bench(model, TARGET)
    return Cost(
        model.file.graph.parameters,
        len(model.blob),
        counted["text_bytes"],
        model.ram_bytes(TARGET),
        model.listener_ram_bytes(TARGET),
        counted["instructions_per_audio_second"],
    )


def accuracy(folder: Path, recipe: str) -> tuple[int, Accuracy]:
    """Return the number of seeds under `loso`, and the UA of int8 by the results in a folder."""
    results = [result for result in read_folder(folder) if result.key.recipe == recipe]
    if not results:
        raise InputError(f"{folder}: found no results of recipe {recipe}, expected crossval's")
    runs = group_runs(results)
    found = {
        (protocol, condition): ua
        for (_, protocol, _, precision), scores in condition_scores(runs).items()
        for condition, ua in scores.items()
        if precision == "int8"
    }
    if (LOSO, CLEAN) not in found:
        raise InputError(f"{folder}: found no int8 under {LOSO} and conditions, expected some")
    kept = {r.key.seed for r in results if (r.key.protocol, r.key.precision) == (LOSO, "int8")}
    return len(kept), found


def with_mean(models: Sequence[Accuracy]) -> list[Accuracy]:
    """Add the mean over the conditions of `loso` that all models have, clean audio among them."""
    shared = set.intersection(*(set(each) for each in models))
    conditions = [key for key in shared if key[0] == LOSO]
    return [
        {**each, (LOSO, MEAN): float(np.mean([each[key] for key in conditions]))} for each in models
    ]


def cost_table(costs: dict[str, Cost]) -> str:
    """Return a row per model."""
    head = ["on a Cortex-M4F", "parameters", "flash: model", "flash: engine", "RAM: stream"]
    rows = [
        [
            f"`{name}`",
            *(f"{n:,}" for n in (each.parameters, each.blob, each.code, each.stream_ram)),
            "none" if each.listener_ram is None else f"{each.listener_ram:,}",
            f"{each.instructions / 1e6:.1f} M",
        ]
        for name, each in costs.items()
    ]
    head += ["RAM: listener", "instructions per second of audio"]
    return table(head, rows, numbers_from=1)


def accuracy_table(models: dict[str, tuple[int, Accuracy]]) -> str:
    """Return a row per protocol and condition."""
    scores = dict(zip(models, with_mean([each for _, each in models.values()]), strict=True))
    keys = sorted({key for each in scores.values() for key in each}, key=_order)
    rows = [
        [
            condition if protocol == LOSO else f"{protocol}, {condition}",
            *(
                per_cent(each[protocol, condition]) if key in each else ""
                for each in scores.values()
            ),
        ]
        for key in keys
        for protocol, condition in [key]
    ]
    heads = [f"`{name}`, {_seeds(seeds)}" for name, (seeds, _) in models.items()]
    return table(["UA under", *heads], rows, numbers_from=1)


def picture(models: dict[str, tuple[int, Accuracy]], costs: dict[str, Cost]) -> str:
    """Return the UA on clean audio and in the mean against flash and work, as SVG."""
    scores = with_mean([each for _, each in models.values()])
    flash = [(each.blob + each.code) / 1024 for each in costs.values()]
    work = [each.instructions / 1e6 for each in costs.values()]
    drawn = cost_picture(
        "small-models",
        [*models],
        {
            "clean audio": [each[LOSO, CLEAN] for each in scores],
            "mean of the conditions": [each[LOSO, MEAN] for each in scores],
        },
        {
            "flash for model and engine, kB (dashed: 128)": (flash, FLASH_BOUND / 1024),
            "M4 instructions for a second of audio, millions (dashed: 25)": (
                work,
                INSTRUCTIONS_BOUND / 1e6,
            ),
        },
    )
    return standalone(drawn)


def _order(key: tuple[str, str]) -> tuple[bool, str, int, tuple[list[str], list[float]]]:
    protocol, condition = key
    place = {CLEAN: 0, MEAN: 1}.get(condition, 2)
    return protocol != LOSO, protocol, place, condition_order(condition)


def _seeds(n: int) -> str:
    return "1 seed" if n == 1 else f"{n} seeds"


def main() -> None:
    """Print the tables and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--models", type=Path, help="NAME.tflite of each (default: those shipped)")
    parser.add_argument("--picture", type=Path)
    arguments = parser.parse_args()
    if arguments.models is None:
        paths = {name: model_path(name) for name in shipped_models()}
    else:
        found = {path.stem: path for path in arguments.models.glob("*.tflite")}
        paths = dict(sorted(found.items()))
    try:
        models = {
            name: accuracy(
                arguments.results if name == DEFAULT else arguments.results / name,
                read_model(path).record.features.name,
            )
            for name, path in paths.items()
        }
        costs = {name: cost(path) for name, path in paths.items()}
    except LightSernetError as error:
        parser.error(str(error))
    print(f"{cost_table(costs)}\n\n{accuracy_table(models)}")
    if arguments.picture is not None:
        write_atomically(arguments.picture, picture(models, costs).encode())


if __name__ == "__main__":
    main()
