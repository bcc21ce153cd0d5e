"""From an ELF file to UF2, the format of drives that flash what is copied onto them.

A program too: ``python elf_to_uf2.py FIRMWARE.elf FIRMWARE.uf2 --family rp2040``. It stands in
the folder of ``export --format pico``, so it needs the standard library alone.

Sources: UF2's own specification (microsoft/uf2), the RP2040's and RP2350's datasheets, and the
System V ABI for ELF.
"""

import argparse
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

# Family IDs, as UF2's list has them.
FAMILIES = {"rp2040": 0xE48BFF56, "rp2350": 0xE48BFF59, "rp2350-riscv": 0xE48BFF5A}
# Where both chips have their flash, seen by the core.
FLASH, FLASH_END = 0x10000000, 0x11000000
PAYLOAD = 256

_FIRST_MAGIC, _SECOND_MAGIC, _LAST_MAGIC = 0x0A324655, 0x9E5D5157, 0x0AB16F30
_FAMILY_PRESENT = 0x2000
_ELF_HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
_PROGRAM_HEADER = struct.Struct("<8I")
_BLOCK = struct.Struct("<8I476sI")
_LOAD = 1


class ElfError(ValueError):
    """The bytes are no ELF file of a program in flash."""


def elf_to_uf2(elf: bytes, family: str = "rp2040") -> bytes:
    """Return the UF2 file of a program.

    Parameters
    ----------
    elf : bytes
        A 32-bit little-endian ELF file, linked for the flash at 0x10000000.
    family : str
        A key of `FAMILIES`.

    Returns
    -------
    bytes
        Blocks of 512 bytes, each with 256 bytes of flash, by rising address; where a page is
        not filled, zeros are.

    Raises
    ------
    ElfError
        If the file is none, or loads nothing into flash, or something elsewhere.
    """
    if family not in FAMILIES:
        raise ElfError(f"family: found {family!r}, expected one of {', '.join(FAMILIES)}")
    pages = _pages(elf)
    return b"".join(
        _BLOCK.pack(
            _FIRST_MAGIC,
            _SECOND_MAGIC,
            _FAMILY_PRESENT,
            address,
            PAYLOAD,
            number,
            len(pages),
            FAMILIES[family],
            bytes(page),
            _LAST_MAGIC,
        )
        for number, (address, page) in enumerate(sorted(pages.items()))
    )


def _pages(elf: bytes) -> dict[int, bytearray]:
    """Return the pages of flash that a file fills, by their addresses."""
    pages: dict[int, bytearray] = {}
    for start, content in _segments(elf):
        if not FLASH <= start <= start + len(content) <= FLASH_END:
            raise ElfError(f"loads {len(content)} bytes to {start:#x}, expected flash: {FLASH:#x}")
        position = 0
        while position < len(content):
            address = start + position
            base = address - address % PAYLOAD
            part = content[position : position + base + PAYLOAD - address]
            page = pages.setdefault(base, bytearray(PAYLOAD))
            page[address - base : address - base + len(part)] = part
            position += len(part)
    if not pages:
        raise ElfError("loads nothing")
    return pages


def _segments(elf: bytes) -> list[tuple[int, bytes]]:
    """Return where each segment is loaded from, and its bytes."""
    if len(elf) < _ELF_HEADER.size or not elf.startswith(b"\x7fELF\x01\x01"):
        raise ElfError("no 32-bit little-endian ELF file")
    header = _ELF_HEADER.unpack_from(elf)
    offset, size, count = header[5], header[9], header[10]
    if size != _PROGRAM_HEADER.size or offset + size * count > len(elf):
        raise ElfError("the ELF file's program headers lie outside of it")
    segments = []
    for index in range(count):
        kind, start, _, physical, in_file, *_ = _PROGRAM_HEADER.unpack_from(
            elf, offset + index * size
        )
        if kind != _LOAD or in_file == 0:
            continue
        if start + in_file > len(elf):
            raise ElfError("a segment lies outside of the ELF file")
        segments.append((physical, elf[start : start + in_file]))
    return segments


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert a file."""
    parser = argparse.ArgumentParser(description="From an ELF file to UF2.")
    parser.add_argument("elf", metavar="FIRMWARE.elf", type=Path)
    parser.add_argument("uf2", metavar="FIRMWARE.uf2", type=Path)
    parser.add_argument("--family", choices=FAMILIES, default="rp2040")
    options = parser.parse_args(arguments)
    try:
        content = elf_to_uf2(options.elf.read_bytes(), options.family)
        temporary = options.uf2.with_name(f".{options.uf2.name}.part")
        temporary.write_bytes(content)
        temporary.replace(options.uf2)
    except (OSError, ElfError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"elf_to_uf2.py: {options.elf}: {reason}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
