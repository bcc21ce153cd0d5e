"""The C sources: no warnings anywhere, no forbidden function, clean under sanitizers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lightsernet_firmware.engine_files import (
    engine_files,
    engine_headers,
    engine_sources,
    include_flags,
    public_headers,
)

STRICT = [
    "-std=c99",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Wconversion",
    "-Wshadow",
    "-Wundef",
    "-pedantic",
    "-Werror",
]
# Bare-metal compilers bring a C library of their own.
COMPILERS = {
    "gcc": ["gcc"],
    "clang": ["clang"],
    "cortex-m0plus": ["arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb"],
    "cortex-m4": [
        "arm-none-eabi-gcc",
        "-mcpu=cortex-m4",
        "-mthumb",
        "-mfloat-abi=hard",
        "-mfpu=fpv4-sp-d16",
    ],
    "cortex-m7": [
        "arm-none-eabi-gcc",
        "-mcpu=cortex-m7",
        "-mthumb",
        "-mfloat-abi=hard",
        "-mfpu=fpv5-d16",
    ],
    "cortex-m33": ["arm-none-eabi-gcc", "-mcpu=cortex-m33", "-mthumb"],
    "cortex-m55": ["arm-none-eabi-gcc", "-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard"],
    "riscv": [
        "riscv64-unknown-elf-gcc",
        "-march=rv32imac",
        "-mabi=ilp32",
        "--specs=picolibc.specs",
    ],
    "xtensa": ["xtensa-lx106-elf-gcc", "--specs=../picolibc.specs"],
}
# What no call of the engine may use a frame of: a fraction of the 2 kB that all
# of them together may.
LARGEST_FRAME = 512
# All that the engine may ask of the C library.
C_LIBRARY = {"memcpy", "memmove", "memset", "strlen", "sqrtf"}
# Ends the names of files of which one is compiled.
VARIANT = "_(plain|dsp|mve|fixed)$"
CHECK_KERNELS = Path(__file__).parent / "check_kernels.c"
KERNELS = (
    "convolve",
    "requantize",
    "average_pool",
    "stage_run",
    "gather",
    "head",
    "softmax",
    "endpoint",
)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_no_warnings(compiler: str, tmp_path: Path) -> None:
    command = COMPILERS[compiler]
    if not shutil.which(command[0]):
        pytest.skip(f"needs {command[0]}")
    for source in engine_sources():
        done = subprocess.run(
            [*command, *STRICT, *include_flags(), "-c", str(source), "-o", "object.o"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("command", "source", "reason"),
    [
        (
            ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mbig-endian"],
            "lsn_stream.c",
            "which are little-endian",
        ),
        (["clang", "--target=msp430", "-ffreestanding"], "lsn_head.c", "lsn_int_has_32_bits"),
    ],
    ids=["big-endian", "int of 16 bits"],
)
def test_says_what_it_cannot_run_on(
    command: list[str], source: str, reason: str, tmp_path: Path
) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"needs {command[0]}")
    # Compilers of small cores may come without a C library.
    (tmp_path / "string.h").write_text(
        "#include <stddef.h>\nvoid *memcpy(void *, const void *, size_t);\n"
        "void *memset(void *, int, size_t);\n"
    )
    (path,) = (path for path in engine_sources() if path.name == source)
    done = subprocess.run(
        [*command, "-std=c99", "-fsyntax-only", f"-I{tmp_path}", *include_flags(), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert reason in done.stderr


def test_public_header_is_c_and_cpp(tmp_path: Path) -> None:
    for suffix, standard in (("c", "c99"), ("cpp", "c++11")):
        source = tmp_path / f"only.{suffix}"
        source.write_text('#include "lightsernet_live.h"\n#include "lightsernet.h"\n')
        subprocess.run(
            [
                "gcc",
                f"-std={standard}",
                "-Wall",
                "-Wextra",
                "-pedantic",
                "-Werror",
                "-c",
                *include_flags(),
                str(source),
                "-o",
                str(tmp_path / "object.o"),
            ],
            check=True,
        )


@pytest.fixture(scope="module")
def m4_objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("arm-none-eabi-gcc"):
        pytest.skip("needs arm-none-eabi-gcc")
    folder = tmp_path_factory.mktemp("objects")
    for source in engine_sources():
        subprocess.run(
            [
                *COMPILERS["cortex-m4"],
                "-std=c99",
                "-O2",
                "-fno-math-errno",
                "-fstack-usage",
                *include_flags(),
                "-c",
                str(source),
            ],
            cwd=folder,
            check=True,
        )
    return folder


def test_frames_are_small_and_static(m4_objects: Path) -> None:
    reports = list(m4_objects.glob("*.su"))
    assert len(reports) == len(engine_sources())
    for report in reports:
        for line in report.read_text().splitlines():
            name, size, kind = line.split("\t")
            assert kind == "static", f"{name}: a variable-length array or alloca"
            assert int(size) <= LARGEST_FRAME, name


def test_asks_little_of_the_c_library_and_keeps_no_variables(m4_objects: Path) -> None:
    defined, wanted = set(), set()
    for path in m4_objects.glob("*.o"):
        listing = subprocess.run(
            ["arm-none-eabi-nm", str(path)], capture_output=True, text=True, check=True
        ).stdout
        for line in listing.splitlines():
            kind, name = line.split()[-2:]
            assert kind not in "bBdDC", f"{path.name}: variable {name}"
            (wanted if kind == "U" else defined).add(name)
    helpers = {name for name in wanted if name.startswith("__aeabi")}
    assert wanted - defined - helpers <= C_LIBRARY


def test_no_floating_point_in_the_kernels(m4_objects: Path) -> None:
    objects = [p for p in m4_objects.glob("*.o") if any(k in p.name for k in KERNELS)]
    assert len(objects) >= len(KERNELS)
    for path in objects:
        listing = subprocess.run(
            ["arm-none-eabi-objdump", "-d", str(path)], capture_output=True, text=True, check=True
        ).stdout
        assert not re.search(r"\tv(add|mul|sub|cvt|fma|mla|div|sqrt)\S*\.f", listing), path.name


def test_no_recursion() -> None:
    for source in engine_sources():
        text = re.sub(r"/\*.*?\*/", "", source.read_text(), flags=re.DOTALL)
        for match in re.finditer(r"^\w[\w \*]*?(\w+)\([^;{]*\)\n\{(.*?)^\}", text, re.M | re.S):
            assert not re.search(rf"\b{match[1]}\(", match[2]), f"{source.name}: {match[1]}"


def test_prototypes_stand_in_the_header_of_their_file() -> None:
    """In its own, that of its variants, or a public one: what lsn_x.c gives, lsn_x.h declares."""
    public = "".join(path.read_text() for path in public_headers())
    headers = {path.stem: path.read_text() for path in engine_headers()}
    found = 0
    for source in engine_sources():
        own = re.sub(VARIANT, "", source.stem)
        declared = prototypes(headers.get(own, "") + public)
        for name in re.findall(
            r"^(?!static)\w[\w \*]*?(\w+)\([^;{]*\)\n\{", source.read_text(), re.M
        ):
            found += 1
            assert name in declared, f"{source.name}: {name} is not declared in {own}.h"
    assert found > 60
    for name, text in headers.items():
        if f"{name}.h" not in {path.name for path in public_headers()}:
            sources = [p for p in engine_sources() if re.sub(VARIANT, "", p.stem) == name]
            defined = "".join(path.read_text() for path in sources)
            for function in prototypes(text):
                assert re.search(rf"\b{function}\([^;]*\)\n\{{", defined), f"{name}.h: {function}"


def prototypes(text: str) -> set[str]:
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return set(re.findall(r"^\w[\w \*]*?(\w+)\([^;{]*\);", text, re.M))


def test_cppcheck() -> None:
    if not shutil.which("cppcheck"):
        pytest.skip("needs cppcheck")
    done = subprocess.run(
        [
            "cppcheck",
            "--std=c99",
            "--enable=warning,performance,portability",
            "--quiet",
            "--error-exitcode=1",
            "--inline-suppr",
            *include_flags(),
            *map(str, engine_sources()),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_kernels_on_random_shapes_under_sanitizers(compiler: str, tmp_path: Path) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"needs {compiler}")
    program = tmp_path / "check_kernels"
    subprocess.run(
        [
            compiler,
            "-std=c99",
            "-O1",
            "-g",
            "-fsanitize=address,undefined",
            "-DCHECK_ON_HOST",
            "-fno-sanitize-recover=all",
            *include_flags(),
            *map(str, engine_sources()),
            str(CHECK_KERNELS),
            "-lm",
            "-o",
            str(program),
        ],
        check=True,
    )
    done = subprocess.run([program], capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout == '{"cases": 9000, "wrong": 0}\n'


def test_sources_name_no_allocation_or_console() -> None:
    for path in engine_files():
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r"\b(malloc|calloc|realloc|free|alloca|printf|stdio)\b", text), path
