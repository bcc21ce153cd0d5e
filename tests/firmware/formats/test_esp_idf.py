"""``export --format esp-idf``: the manifest, the component on RV32IMC, the example."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from lightsernet_edge._version import __version__
from tests.firmware.formats.emulators import (
    MACHINES,
    build,
    emulate,
    expected,
    export,
    interpreter_of,
    needs,
    run,
)
from tests.firmware.formats.listening import event_lines, spoken_clips

STAND_INS = Path(__file__).parent / "stand_ins" / "esp_idf"


@pytest.fixture(scope="module")
def component(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export("esp-idf", tmp_path_factory.mktemp("components") / "lightsernet")


def registered(component: Path) -> tuple[list[Path], list[Path], tuple[str, ...]]:
    """Return sources, include folders and flags, as CMakeLists.txt registers them."""
    text = re.sub(r"#.*", "", (component / "CMakeLists.txt").read_text())
    call = re.search(r"idf_component_register\(([^)]*)\)", text)
    options = re.search(r"target_compile_options\(\$\{COMPONENT_LIB\} PRIVATE ([^)]*)\)", text)
    assert call is not None
    assert options is not None
    words: dict[str, list[Path]] = {}
    under: list[Path] = []
    for word in call[1].split():
        if word in ("SRCS", "INCLUDE_DIRS", "PRIV_INCLUDE_DIRS"):
            under = words.setdefault(word, [])
        else:
            under.append(component / word)
    return (
        words["SRCS"],
        words["INCLUDE_DIRS"] + words["PRIV_INCLUDE_DIRS"],
        tuple(options[1].split()),
    )


def test_all_sources_are_registered(component: Path) -> None:
    sources, includes, flags = registered(component)
    assert set(sources) == {*component.glob("src/*.c"), *component.glob("model/*.c")}
    assert all(folder.is_dir() for folder in includes)
    assert "-ffp-contract=off" in flags


def test_the_example_says_what_the_stream_says(component: Path, tmp_path: Path) -> None:
    sources, includes, flags = registered(component)
    main_c = component / "examples" / "listen" / "main" / "main.c"
    (tmp_path / "main.c").write_text("void app_main(void);\nint main(void) { app_main(); }\n")
    folders = [f"-I{folder}" for folder in (*includes, STAND_INS)]
    command = ["gcc", "-std=gnu17", *flags, "-Wall", "-Wextra", "-Werror", *folders, *sources]
    run(*command, main_c, tmp_path / "main.c", "-lm", "-o", tmp_path / "program")
    pcm = spoken_clips()
    done = subprocess.run(
        [tmp_path / "program"], input=pcm.tobytes(), capture_output=True, check=True
    )
    first, *lines = done.stdout.decode().splitlines()
    assert first.startswith("self-test ok")
    assert lines == event_lines(pcm)


MANIFESTS = """
import sys
from idf_component_tools.manager import ManifestManager
for folder in sys.argv[1:]:
    manager = ManifestManager(folder, "lightsernet", upload_mode=folder == sys.argv[1])
    manifest = manager.validate().load()
    print(manifest.version, sorted(dependency.name for dependency in manifest.requirements))
"""


@pytest.mark.targets
@needs("compote")
def test_espressifs_component_manager_accepts_the_manifests(component: Path) -> None:
    example = component / "examples" / "listen" / "main"
    said = run(interpreter_of("compote"), "-c", MANIFESTS, component, example)
    assert said.splitlines()[0] == f"{__version__} ['idf']"
    assert "lightsernet" in said.splitlines()[1]


@pytest.mark.targets
@needs("riscv64-unknown-elf-gcc", "qemu-system-riscv32")
def test_on_rv32imc(component: Path, tmp_path: Path) -> None:
    machine = MACHINES["rv32imc"]
    sources, includes, flags = registered(component)
    program = build(machine, sources, includes, ("-std=gnu17", *flags), tmp_path)
    assert emulate(machine, program) == expected(component, machine.has_float_unit)
