"""An update opened on an emulated Cortex-M4F, its signature checked by Monocypher."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from lightsernet_edge.model.file import ModelFile
from lightsernet_firmware.cross_build import BOARDS, COMMON, CORTEX_M, CrossBuild, build_elf
from lightsernet_firmware.emulated.build import board
from lightsernet_firmware.firmware_model import FirmwareModel
from tests.firmware.update.made_updates import flipped
from tests.firmware.update.simulated_device import MONOCYPHER, OTA

pytest.importorskip("cryptography", reason="not installed: cryptography")

from lightsernet_firmware.update.signed_update import signed_update
from tests.firmware.update.conftest import Material

TARGET = "cortex-m4"
PROGRAM = Path(__file__).with_name("open_on_board.c")
SUPPORT = ("semihosting", "print", "wav_file", "stack_paint")
OURS = [OTA / name for name in ("update.c", "update.h", "signature_monocypher.c", "signature.h")]


def opened_on_board(update: bytes, material: Material, ram_bytes: int) -> dict[str, int | str]:
    """Return what the board says, counts in instructions."""
    assert MONOCYPHER is not None
    library = Path(MONOCYPHER) / "src"
    theirs = [
        *(library / f"monocypher.{suffix}" for suffix in "ch"),
        *(library / "optional" / f"monocypher-ed25519.{suffix}" for suffix in "ch"),
    ]
    arrays = "".join(
        f"static const uint8_t {name}[] __attribute__((aligned(16))) = "
        f"{{{','.join(map(str, content))}}};\n"
        for name, content in (("UPDATE", update), ("UPDATE_KEY", material.public))
    )
    machine = board(TARGET)
    elf = build_elf(
        CrossBuild(
            sources=(
                PROGRAM,
                *CORTEX_M.core_sources,
                *(COMMON / f"{name}.c" for name in SUPPORT),
            ),
            model={
                **{path.name: path.read_text() for path in [*OURS, *theirs]},
                "update_bytes.h": f"#include <stdint.h>\n{arrays}",
                "model.h": f"#define MODEL_RAM_BYTES {ram_bytes}u\n",
            },
            toolchain=CORTEX_M,
            core_flags=machine.flags,
            script=(BOARDS / machine.machine / "board.ld").read_text(),
            optimization="-O2",
        )
    )
    done = subprocess.run(
        [
            *("qemu-system-arm", "-machine", machine.machine, "-nographic", "-monitor", "none"),
            *("-serial", "none", "-icount", "shift=0", "-kernel", str(elf)),
            *("-semihosting-config", "enable=on,target=native"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    (line,) = (json.loads(text) for text in (done.stdout + done.stderr).splitlines())
    scale = machine.tick_ns
    return {**line, "signature": line["signature"] * scale, "rest": line["rest"] * scale}


def test_the_shipped_model_as_an_update(
    shipped: ModelFile, material: Material, figure: Callable[[str], None]
) -> None:
    if not all(map(shutil.which, ("arm-none-eabi-gcc", "qemu-system-arm"))):
        pytest.skip("needs gcc-arm-none-eabi and qemu-system-arm")
    if not MONOCYPHER:
        pytest.skip("needs Monocypher's sources, named by MONOCYPHER")
    model = FirmwareModel(shipped)
    update = signed_update(model.blob, material.key, 1)
    ram_bytes = model.ram_bytes(TARGET)
    said = opened_on_board(update, material, ram_bytes)
    assert said["status"] == "UPDATE_OK"
    figure(
        f"signature {said['signature'] / 1e6:.1f} M instructions, hash, model and self-test "
        f"{said['rest'] / 1e6:.1f} M, stack {said['stack']} bytes"
    )
    assert opened_on_board(flipped(update, 130), material, ram_bytes)["status"] == (
        "UPDATE_NOT_SIGNED"
    )
