"""Well-known boards, and whether a model fits their memory.

Clock, flash and RAM are taken from the vendors' documents; RAM counts every bank that
the core can use for data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .firmware_model import FirmwareModel

# Bounds that the tests on emulated boards hold: the engine's code at -O2, with the
# parts of the C library that it uses; and its stack.
CODE_BYTES = 24 * 1024
STACK_BYTES = 2 * 1024

_KB = 1024


@dataclass(frozen=True)
class KnownBoard:
    """A board as its vendor describes it.

    Attributes
    ----------
    name, chip, core : str
    clock_mhz : int
        Highest clock that the chip is specified for.
    flash_kb, ram_kb : int
        In units of 1024 bytes.
    target : str
        Target whose RAM is planned; a core with neither DSP nor Helium needs as
        much as the host.
    source : str
        Document that the figures are from.
    """

    name: str
    chip: str
    core: str
    clock_mhz: int
    flash_kb: int
    ram_kb: int
    target: str
    source: str


KNOWN_BOARDS = (
    KnownBoard("Blue Pill", "STM32F103C8", "Cortex-M3", 72, 64, 20, "host", "ST DS5319"),
    KnownBoard(
        "NUCLEO-L432KC", "STM32L432KC", "Cortex-M4F", 80, 256, 64, "cortex-m4", "ST DS11451"
    ),
    KnownBoard(
        "micro:bit V2",
        "nRF52833",
        "Cortex-M4F",
        64,
        512,
        128,
        "cortex-m4",
        "Nordic nRF52833 Product Specification",
    ),
    KnownBoard(
        "NUCLEO-F411RE", "STM32F411RE", "Cortex-M4F", 100, 512, 128, "cortex-m4", "ST DS10314"
    ),
    KnownBoard(
        "STM32F4DISCOVERY", "STM32F407VG", "Cortex-M4F", 168, 1024, 192, "cortex-m4", "ST DS8626"
    ),
    KnownBoard(
        "Arduino Nano 33 BLE Sense",
        "nRF52840",
        "Cortex-M4F",
        64,
        1024,
        256,
        "cortex-m4",
        "Nordic nRF52840 Product Specification",
    ),
    KnownBoard(
        "nRF5340 DK",
        "nRF5340, application core",
        "Cortex-M33",
        128,
        1024,
        512,
        "cortex-m33",
        "Nordic nRF5340 Product Specification",
    ),
    KnownBoard(
        "STM32F746G-DISCO", "STM32F746NG", "Cortex-M7", 216, 1024, 320, "cortex-m7", "ST DS10916"
    ),
    KnownBoard(
        "NUCLEO-H743ZI2", "STM32H743ZI", "Cortex-M7", 480, 2048, 1024, "cortex-m7", "ST DS12110"
    ),
    KnownBoard(
        "Raspberry Pi Pico",
        "RP2040",
        "Cortex-M0+",
        133,
        2048,
        264,
        "host",
        "Raspberry Pi RP2040 and Pico Datasheets",
    ),
    KnownBoard(
        "Raspberry Pi Pico 2",
        "RP2350",
        "Cortex-M33",
        150,
        4096,
        520,
        "cortex-m33",
        "Raspberry Pi RP2350 and Pico 2 Datasheets",
    ),
)


def boards_that_fit(model: FirmwareModel) -> list[dict[str, Any]]:
    """Return for every known board whether a model fits its memory.

    Whether its clock keeps up with a microphone is another question: see `bench`.

    Parameters
    ----------
    model : FirmwareModel

    Returns
    -------
    list of dict
        ``board``, ``chip``, ``core``, ``clock_mhz``, ``flash_bytes`` and ``ram_bytes`` of the
        board, ``flash_needed`` (blob and code) and ``ram_needed`` (one stream
        and the stack), ``fits``; ``listener_ram_needed`` and ``listener_fits``,
        the same for a listener in utterance mode, None where there can be none;
        ``source``. The rest of each memory is for the rest of the firmware.

    Raises
    ------
    ModelError
        If the engine cannot run the model.
    """
    flash = len(model.blob) + CODE_BYTES
    rows = []
    for board in KNOWN_BOARDS:
        flash_fits = flash <= _KB * board.flash_kb
        ram = model.ram_bytes(board.target) + STACK_BYTES
        listener = model.listener_ram_bytes(board.target)
        if listener is not None:
            listener += STACK_BYTES
        rows.append(
            {
                "board": board.name,
                "chip": board.chip,
                "core": board.core,
                "clock_mhz": board.clock_mhz,
                "flash_bytes": _KB * board.flash_kb,
                "ram_bytes": _KB * board.ram_kb,
                "flash_needed": flash,
                "ram_needed": ram,
                "fits": flash_fits and ram <= _KB * board.ram_kb,
                "listener_ram_needed": listener,
                "listener_fits": None
                if listener is None
                else flash_fits and listener <= _KB * board.ram_kb,
                "source": board.source,
            }
        )
    return rows
