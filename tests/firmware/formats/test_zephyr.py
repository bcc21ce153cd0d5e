"""``export --format zephyr``: Zephyr's own Twister where there is a tree, plain C where not."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.firmware.formats.emulators import CLEAN_ENVIRONMENT, export, needs, run

BOARD = "mps2/an385"
# What Zephyr's build reads; the rest of the environment is nobody's business.
ZEPHYRS = ("ZEPHYR_BASE", "ZEPHYR_MODULES", "ZEPHYR_TOOLCHAIN_VARIANT", "GNUARMEMB_TOOLCHAIN_PATH")


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export("zephyr", tmp_path_factory.mktemp("modules") / "lightsernet")


def test_as_plain_c(module: Path, tmp_path: Path) -> None:
    """The listed sources and flags, without Zephyr: a sample needs its kernel."""
    text = (module / "zephyr" / "CMakeLists.txt").read_text()
    listed = re.search(r"zephyr_library_sources\(([^)]*)\)", text)
    flags = re.search(r"zephyr_library_compile_options\(([^)]*)\)", text)
    assert listed is not None
    assert flags is not None
    sources = [(module / "zephyr" / name).resolve() for name in listed[1].split()]
    assert set(sources) == {*module.glob("src/*.c"), *module.glob("model/*.c")}
    includes = [f"-I{module / name}" for name in ("include", "model", "src")]
    run("gcc", "-std=c17", *flags[1].split(), "-Werror", *includes, "-c", *sources, cwd=tmp_path)


@pytest.mark.targets
@needs("cmake", "ninja", "dtc", "arm-none-eabi-gcc", "qemu-system-arm")
@pytest.mark.skipif("ZEPHYR_BASE" not in os.environ, reason="ZEPHYR_BASE names no Zephyr tree")
def test_twister_builds_and_runs_the_sample(module: Path, tmp_path: Path) -> None:
    given = {name: os.environ[name] for name in ZEPHYRS if name in os.environ}
    environment = {
        "ZEPHYR_TOOLCHAIN_VARIANT": "gnuarmemb",
        "GNUARMEMB_TOOLCHAIN_PATH": "/usr",
        **CLEAN_ENVIRONMENT,
        **given,
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
    }
    twister = Path(given["ZEPHYR_BASE"]) / "scripts" / "twister"
    out = tmp_path / "out"
    python = os.environ.get("ZEPHYR_PYTHON", sys.executable)
    arguments = ("-T", module / "samples", "-p", BOARD, "--outdir", out, "-j", "2")
    run(python, twister, *arguments, "--inline-logs", env=environment)
    (suite,) = json.loads((out / "twister.json").read_text())["testsuites"]
    assert suite["runnable"]
    assert suite["status"] == "passed"
