"""``export --format esp-idf``: the manifest, the component on RV32IMC and LX106, the example."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lightsernet_edge import EmotionStream
from lightsernet_edge._version import __version__
from lightsernet_firmware.board_fit import STACK_BYTES
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
from tests.firmware.formats.listening import event_lines, lines_of, spoken_clips

STAND_INS = Path(__file__).parent / "stand_ins" / "esp_idf"
Samples = NDArray[np.int16]


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


def test_the_example_asks_for_what_it_takes(component: Path) -> None:
    """Espressif split its drivers up in 5.3; a task's 3,584 bytes do not hold engine and printf."""
    example = component / "examples" / "listen"
    assert "esp_driver_i2s" in (example / "main" / "CMakeLists.txt").read_text()
    manifest = (example / "main" / "idf_component.yml").read_text()
    oldest = re.search(r'idf: ">=(\d+)\.(\d+)"', manifest)
    assert oldest is not None
    assert (int(oldest[1]), int(oldest[2])) >= (5, 3)
    settings = (example / "sdkconfig.defaults").read_text()
    stack = re.search(r"CONFIG_ESP_MAIN_TASK_STACK_SIZE=(\d+)", settings)
    assert stack is not None
    assert int(stack[1]) >= 3584 + STACK_BYTES
    # Otherwise 160 MHz; `info --boards` reckons with what the chips can do.
    for chip in ("esp32", "esp32s2", "esp32s3"):
        settings = (example / f"sdkconfig.defaults.{chip}").read_text()
        assert "CONFIG_ESP_DEFAULT_CPU_FREQ_MHZ_240=y" in settings.splitlines()


def example_lines(component: Path, pcm: Samples, folder: Path, *more: str) -> list[str]:
    """Build the example with stand-ins for the drivers; return what it says of samples."""
    sources, includes, flags = registered(component)
    main_c = component / "examples" / "listen" / "main" / "main.c"
    (folder / "main.c").write_text("void app_main(void);\nint main(void) { app_main(); }\n")
    folders = [f"-I{folder}" for folder in (*includes, STAND_INS)]
    command = ["gcc", "-std=gnu17", *flags, "-Wall", "-Wextra", "-Werror", *folders, *sources]
    run(*command, *more, main_c, folder / "main.c", "-lm", "-o", folder / "program")
    program = folder / "program"
    done = subprocess.run([program], input=pcm.tobytes(), capture_output=True, check=True)
    first, *lines = done.stdout.decode().splitlines()
    assert first.startswith("self-test ok")
    return lines


def test_the_example_says_what_the_stream_says(component: Path, tmp_path: Path) -> None:
    pcm = spoken_clips()
    assert example_lines(component, pcm, tmp_path) == event_lines(pcm)


def test_the_example_tells_of_samples_that_found_no_room(component: Path, tmp_path: Path) -> None:
    """The engine is told too: what it says afterwards has the times of the microphone."""
    pcm = spoken_clips()
    chunk = 160
    lost_from, lost_to = 50 * chunk, 54 * chunk
    with EmotionStream(engine="native") as stream:
        events = stream.process(pcm[:lost_from])
        stream.mark_broken(lost_to - lost_from)
        events += stream.process(pcm[lost_to:])
    lost = (f"-DLOST_FROM={lost_from}L", f"-DLOST_TO={lost_to}L")
    said, *lines = example_lines(component, pcm, tmp_path, *lost)
    assert said == "samples were lost: the chip is too slow for this model"
    assert lines == lines_of(events)


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
@pytest.mark.parametrize(
    "target",
    [
        pytest.param(target, marks=needs(MACHINES[target].compiler, MACHINES[target].emulator))
        for target in ("rv32imc", "xtensa-lx106")
    ],
)
def test_on_an_emulated_core(target: str, component: Path, tmp_path: Path) -> None:
    machine = MACHINES[target]
    sources, includes, flags = registered(component)
    program = build(machine, sources, includes, ("-std=gnu17", *flags), tmp_path)
    assert emulate(machine, program) == expected(component, machine.has_float_unit)
