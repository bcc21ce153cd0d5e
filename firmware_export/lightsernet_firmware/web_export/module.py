"""The C engine as a WebAssembly module, compiled by clang."""

from __future__ import annotations

import shutil
from pathlib import Path

from lightsernet_edge.errors import InputError

from ..engine_files import engine_files, engine_sources, include_flags
from ..host.cache import cached_build, compiler_version, files_with_names, run_tool

MODULE = Path(__file__).parents[1] / "web_module"
_TOOLS = ("clang", "wasm-ld")
# No C library: the engine uses four functions of it, of which `web_module` has one and the
# compiler makes instructions of the others. -ffp-contract=off: the front end gives the bits
# that it gives elsewhere. -fno-math-errno: sqrtf is one instruction.
_FLAGS = (
    "--target=wasm32",
    "-std=c99",
    "-O2",
    "-msimd128",
    "-mbulk-memory",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-nostdlib",
    "-nostdlibinc",
    "-Wl,--no-entry",
    "-Wl,--strip-all",
    # A stack that is too deep ends the module, and does not run into its data.
    "-Wl,-z,stack-size=65536",
    "-Wl,--stack-first",
)


def compiled_module() -> bytes:
    """Return the engine with a listener, as `web_module/listener.c` exports it.

    It imports nothing, and any model can be opened in it. It is compiled once and cached.

    Raises
    ------
    InputError
        If clang or its linker for WebAssembly is not installed.
    LightSernetError
        If the compiler fails, or the cache cannot be written to.
    """
    for tool in _TOOLS:
        if shutil.which(tool) is None:
            raise InputError(
                f"--format web: found no {tool}, expected clang and its linker for WebAssembly "
                "(Debian: apt-get install clang lld)"
            )
    sources = sorted(MODULE.glob("*.c"))

    def build(module: Path) -> None:
        command = ["clang", *_FLAGS, f"-I{MODULE / 'include'}", *include_flags()]
        command += [*map(str, [*engine_sources(), *sources]), "-o", str(module)]
        run_tool(command, "compile the engine", module)

    ingredients = [
        *files_with_names([*engine_files(), *sources, *sorted(MODULE.glob("include/*.h"))]),
        *(compiler_version([tool]) for tool in _TOOLS),
        " ".join(_FLAGS).encode(),
    ]
    return cached_build("engine.wasm", ingredients, build).read_bytes()
