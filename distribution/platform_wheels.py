"""Platform wheels: the pure wheel with the C engine compiled into it, for who has no compiler.

    python -m distribution.platform_wheels --wheel PURE.whl --out DIR [ARCHITECTURE ...]

Cross-compiles the engine with Debian's compilers. The manylinux tag of a wheel is read off
its libraries: the oldest glibc that has all the symbols they ask for.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import re
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from lightsernet_edge.errors import LightSernetError, MissingDependencyError
from lightsernet_firmware.host.build import LIBRARY_FLAGS, compile_engine
from lightsernet_firmware.host.cache import run_tool
from lightsernet_firmware.host.packaged import LIST, VARIANTS, list_of_libraries

COMPILERS = {
    "x86_64": "x86_64-linux-gnu-gcc",
    "aarch64": "aarch64-linux-gnu-gcc",
    "armv7l": "arm-linux-gnueabihf-gcc",
}
# In the wheel.
LIBRARIES = "lightsernet_firmware/host/libraries"
# pip asks for no older one, except on x86.
OLDEST_GLIBC = (2, 17)
# What every system that has glibc has.
SYSTEM_LIBRARIES = re.compile(r"lib(c|m)\.so\.6|libgcc_s\.so\.1|ld-linux.*")
# Arm's kernels have pages of up to 64 KiB: 16 on a Pi 5.
LINKER_FLAGS = (
    *("-Wl,--strip-all", "-Wl,--build-id=none", "-Wl,--no-undefined"),
    "-Wl,-z,max-page-size=65536",
)
PERMISSIONS = 0o100644 << 16


def main() -> None:
    """Write a wheel for each architecture."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("architectures", nargs="*", metavar="ARCHITECTURE")
    parser.add_argument("--wheel", type=Path, required=True, help="the pure wheel")
    parser.add_argument("--out", type=Path, required=True, help="folder of the wheels")
    arguments = parser.parse_args()
    for architecture in arguments.architectures or VARIANTS:
        if architecture not in VARIANTS:
            parser.error(f"found {architecture!r}, expected of {', '.join(VARIANTS)}")
        try:
            print(platform_wheel(arguments.wheel, architecture, arguments.out))
        except LightSernetError as error:
            sys.exit(f"{architecture}: {error}")


def platform_wheel(pure: Path, architecture: str, out: Path) -> Path:
    """Write the wheel of an architecture and return its path.

    Parameters
    ----------
    pure : Path
        The wheel for any platform, of these sources.
    architecture : str
        One of `VARIANTS`.
    out : Path
        Folder of the wheel.

    Raises
    ------
    LightSernetError
        If a library needs what not every system has.
    MissingDependencyError
        If the cross compiler is not installed.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        compile_libraries(architecture, folder)
        tag = f"py3-none-{platform_tag(architecture, sorted(folder.glob('*.so')))}"
        (folder / LIST).write_text(list_of_libraries(architecture, folder))
        added = {f"{LIBRARIES}/{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}
    out.mkdir(parents=True, exist_ok=True)
    wheel = out / pure.name.replace("py3-none-any", tag)
    _repack(pure, wheel, tag, added)
    return wheel


def compile_libraries(architecture: str, folder: Path) -> None:
    """Compile the engine for each kind of an architecture's processors.

    Raises
    ------
    MissingDependencyError
        If the cross compiler is not installed.
    """
    compiler = COMPILERS[architecture]
    if shutil.which(compiler) is None:
        raise MissingDependencyError(f"{compiler} is not installed: make wheels asks for it")
    for variant in VARIANTS[architecture]:
        flags = [*LIBRARY_FLAGS, *variant.flags, *LINKER_FLAGS]
        compile_engine([compiler], flags, folder / variant.file_name)


def platform_tag(architecture: str, libraries: list[Path]) -> str:
    """Return the manylinux tag of PEP 600 that is true of all of the libraries.

    Raises
    ------
    LightSernetError
        If one needs a library that is not every system's.
    """
    oldest = OLDEST_GLIBC
    for library in libraries:
        text = run_tool(["readelf", "--wide", "--dynamic", "--version-info", str(library)], "read")
        for needed in re.findall(r"\(NEEDED\).*\[(.*)\]", text):
            if not SYSTEM_LIBRARIES.fullmatch(needed):
                raise LightSernetError(f"{library.name} needs {needed}, which is not everywhere")
        for major, minor in re.findall(r"\bGLIBC_(\d+)\.(\d+)", text):
            oldest = max(oldest, (int(major), int(minor)))
    return f"manylinux_{oldest[0]}_{oldest[1]}_{architecture}"


def _repack(pure: Path, wheel: Path, tag: str, added: dict[str, bytes]) -> None:
    """Write a wheel's files, those added, and their record, under another tag."""
    record: list[str] = []
    made = wheel.with_suffix(".tmp")
    with zipfile.ZipFile(pure) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        infos = [info for info in source.infolist() if not info.filename.endswith("/RECORD")]
        contents = {info.filename: source.read(info) for info in infos}
        (about,) = (name for name in contents if name.endswith(".dist-info/WHEEL"))
        contents[about] = re.sub(
            rb"Root-Is-Purelib: .*\nTag: .*\n",
            f"Root-Is-Purelib: false\nTag: {tag}\n".encode(),
            contents[about],
        )
        date = infos[0].date_time
        for name, content in sorted({**contents, **added}.items(), key=_metadata_last):
            _write(out, name, content, date)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            record.append(f"{name},sha256={digest.decode()},{len(content)}\n")
        name = about.replace("/WHEEL", "/RECORD")
        _write(out, name, "".join([*record, f"{name},,\n"]).encode(), date)
    made.replace(wheel)


def _metadata_last(item: tuple[str, bytes]) -> tuple[bool, str]:
    return ".dist-info/" in item[0], item[0]


def _write(out: zipfile.ZipFile, name: str, content: bytes, date: tuple[int, ...]) -> None:
    info = zipfile.ZipInfo(name, date)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = PERMISSIONS
    out.writestr(info, content)


if __name__ == "__main__":
    main()
