"""``ethos-u55-128`` and its like: the network compiled by Vela for Arm's Ethos-U."""

from __future__ import annotations

import csv
import io
import re
import shutil
import sys
import tempfile
from pathlib import Path

from lightsernet_edge.errors import LightSernetError, MissingDependencyError, ModelError
from lightsernet_edge.extras import installation

from ...firmware_model import FirmwareModel
from ...host.cache import run_tool
from ..page import file_values
from ..templates import filled
from .tflite import companions, tensor_values

_ON_NPU = re.compile(r"^(CPU|NPU) operators = (\d+)", re.MULTILINE)


def contents(model: FirmwareModel, name: str) -> dict[str, bytes]:
    """Return the compiled model, Vela's report, and what lies beside a `.tflite`."""
    file = model.file
    if file.graph.precision != "int8":
        raise ModelError(
            f"{file.path}: is {file.graph.precision}, expected int8: the Ethos-U takes no other"
        )
    vela = _vela(name)
    with tempfile.TemporaryDirectory() as temporary:
        source, out = Path(temporary) / "model.tflite", Path(temporary) / "out"
        source.write_bytes(file.model)
        compiled = out / "model_vela.tflite"
        command = [vela, str(source), "--accelerator-config", name, "--output-dir", str(out)]
        said = run_tool(command, f"compile for {name}", compiled)
        content = compiled.read_bytes()
        (report,) = (path.read_bytes() for path in out.glob("*.csv"))
    values = {
        **file_values(model),
        **tensor_values(file),
        "TARGET": name,
        "VELA": run_tool([vela, "--version"], "tell its version").strip(),
        "REPORT": _report(report.decode(), said, name),
    }
    return {
        "model_vela.tflite": content,
        "vela_report.csv": report,
        **companions(file),
        **filled("ethos-u", values),
    }


def _vela(name: str) -> str:
    # Beside the interpreter as well, whose environment may not be on the path.
    path = shutil.which("vela") or shutil.which("vela", path=str(Path(sys.executable).parent))
    if path is None:
        raise MissingDependencyError(
            f"format {name!r} needs Arm's compiler vela, which is not found: "
            f"{installation('ethos-u')}"
        )
    return path


def _report(table: str, said: str, name: str) -> str:
    """Return Vela's own estimates as rows of a table."""
    rows = list(csv.DictReader(io.StringIO(table)))
    operators = dict(_ON_NPU.findall(said))
    try:
        (row,) = rows
        figures = {
            "assumed": f"{row['system_config']}, {row['memory_mode']}, "
            f"{float(row['core_clock']) / 1e6:.0f} MHz",
            "operators": f"{operators['NPU']} on the NPU, {operators['CPU']} on the CPU",
            "an inference": f"{1e3 * float(row['inference_time']):.2f} ms",
            "SRAM": f"{float(row['sram_memory_used']):,.1f} KiB",
            "DRAM": f"{float(row['dram_memory_used']):,.1f} KiB",
            "flash off the chip": f"{float(row['off_chip_flash_memory_used']):,.1f} KiB",
        }
    except (KeyError, ValueError) as error:
        raise LightSernetError(f"vela: its report for {name} cannot be read ({error})") from None
    return "\n".join(f"| {what} | {figure} |" for what, figure in figures.items())
