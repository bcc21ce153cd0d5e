"""``export --format arduino``: the rules of Arduino's library specification, and the sketches."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from lightsernet_edge._version import __version__
from lightsernet_edge.cli import main
from lightsernet_edge.model.file import ModelFile, default_model_path, read_model
from tests.firmware.formats.emulators import MACHINES, build, emulate, expected, export, needs, run
from tests.firmware.formats.listening import event_lines, spoken_clips

STAND_INS = Path(__file__).parent / "stand_ins" / "arduino"
# Of the specification, revision 2.2: each but `paragraph` must say something.
REQUIRED = ("name", "version", "author", "maintainer", "sentence", "paragraph", "url")
CATEGORIES = (
    "Display",
    "Communication",
    "Signal Input/Output",
    "Sensors",
    "Device Control",
    "Timing",
    "Data Storage",
    "Data Processing",
    "Other",
)
OPTIONAL = ("category", "architectures", "depends", "dot_a_linkage", "includes", "precompiled")
# Of Arduino's cores for boards of Arm; no word of fp-contract.
FLAGS = ("-std=gnu11", "-Os", "-ffunction-sections", "-fdata-sections", "-Wall", "-Werror")
SKETCH_FLAGS = ("-std=gnu++14", "-Os", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export("arduino", tmp_path_factory.mktemp("libraries") / "LightSernetEdge")


def properties(library: Path) -> dict[str, str]:
    lines = (library / "library.properties").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_library_properties(library: Path) -> None:
    found = properties(library)
    assert not [name for name in REQUIRED if not found.get(name)]
    assert set(found) <= {*REQUIRED, *OPTIONAL, "ldflags"}
    assert re.fullmatch(r"[A-Za-z0-9](?=.*[A-Za-z]|[A-Za-z])[A-Za-z0-9 _.\-]*", found["name"])
    assert not found["name"].startswith("Arduino")
    # Not of the specification: Arduino Lint's LP015, LS008 and LP010.
    assert " " not in found["name"]
    assert (library / "src" / f"{found['name']}.h").is_file()
    assert len(found["name"]) <= 16
    assert re.fullmatch(r"(0|[1-9]\d*)\.(0|[1-9]\d*)(\.(0|[1-9]\d*))?", found["version"])
    assert found["version"] == __version__
    assert found["category"] in CATEGORIES
    assert found["dot_a_linkage"] in ("true", "false")
    assert found["url"].startswith("https://")
    for name in found["includes"].split(","):
        assert (library / "src" / name).is_file()


def test_layout(library: Path) -> None:
    """Sources in src/ alone; headers for sketches at its root, the engine's own below."""
    sources = [path for path in library.rglob("*.[ch]") if "examples" not in path.parts]
    assert all(path.is_relative_to(library / "src") for path in sources)
    assert {path.name for path in (library / "src").glob("*.h")} == {
        "LightSernetEdge.h",
        "lightsernet.h",
        "lightsernet_live.h",
        "model.h",
        "model_metadata.h",
    }
    for sketch in library.glob("examples/*/*"):
        assert sketch.suffix != ".ino" or sketch.stem == sketch.parent.name
    assert {path.name for path in library.glob("examples/*")} == {"SelfTest", "Listen"}
    for line in (library / "keywords.txt").read_text().splitlines():
        keyword, kind = line.split("\t")
        assert kind in ("KEYWORD1", "KEYWORD2", "LITERAL1")
        assert any(keyword in path.read_text() for path in (library / "src").glob("*.h"))


def test_the_listening_sketch_names_boards_of_arduinos_pdm_library(library: Path) -> None:
    """Those of the library's own example; a Nicla Voice has its microphone at another chip."""
    text = (library / "examples" / "Listen" / "Listen.ino").read_text()
    assert re.findall(r"Nicla \w+", text) == ["Nicla Vision"]


@pytest.fixture(scope="module")
def archive(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile all of src/, with src/ alone on the include path, as Arduino does."""
    folder = tmp_path_factory.mktemp("archive")
    sources = sorted((library / "src").rglob("*.c"))
    run("gcc", *FLAGS, f"-I{library / 'src'}", "-c", *sources, cwd=folder)
    run("ar", "rcs", "library.a", *sorted(folder.glob("*.o")), cwd=folder)
    return folder / "library.a"


def sketch(name: str, library: Path, archive: Path, folder: Path, loop: str) -> Path:
    """Compile a sketch as Arduino does: as C++, behind an include of Arduino.h."""
    text = (library / "examples" / name / f"{name}.ino").read_text()
    end = f"int main() {{ setup(); while ({loop}) {{ loop(); }} return 0; }}\n"
    (folder / f"{name}.cpp").write_text(f"#include <Arduino.h>\n#line 1\n{text}\n{end}")
    includes = (f"-I{STAND_INS}", f"-I{library / 'src'}")
    run("g++", *SKETCH_FLAGS, *includes, f"{name}.cpp", archive, "-lm", "-o", name, cwd=folder)
    return folder / name


def test_the_self_test_sketch(library: Path, archive: Path, tmp_path: Path) -> None:
    program = sketch("SelfTest", library, archive, tmp_path, "false")
    sha256 = read_model(default_model_path()).record.sha256
    assert run(program) == f"self-test ok: {sha256}\n"


def test_the_listening_sketch_says_what_the_stream_says(
    library: Path, archive: Path, tmp_path: Path
) -> None:
    program = sketch("Listen", library, archive, tmp_path, "PDM.interrupt()")
    pcm = spoken_clips()
    done = subprocess.run([program], input=pcm.tobytes(), capture_output=True, check=True)
    first, *lines = done.stdout.decode().splitlines()
    assert first.startswith("self-test ok")
    assert lines == event_lines(pcm)
    assert len(lines) == 3


def test_a_model_without_a_front_end_in_c_has_no_sketch_that_listens(
    smallest: ModelFile, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert main(["export", str(smallest.path), "--format", "arduino", "--out", str(out)]) == 0
    header = (out / "src" / "model.h").read_text()
    listens = (out / "examples" / "Listen").is_dir()
    assert listens == ("MODEL_LISTENER_RAM_BYTES" in header)


@pytest.mark.targets
@needs("arm-none-eabi-gcc", "qemu-system-arm")
def test_on_a_cortex_m4_with_arduinos_own_flags(library: Path, tmp_path: Path) -> None:
    """Which fuse multiplications and additions, if the library does not forbid it."""
    source = library / "src"
    sources = sorted(source.rglob("*.c"))
    program = build(MACHINES["cortex-m4"], sources, [source], FLAGS, tmp_path)
    objects = [tmp_path / f"{path.stem}.o" for path in sources]
    code = run("arm-none-eabi-objdump", "-d", *objects)
    assert "vmul.f32" in code
    # A fused instruction changes the last bits, which a clip may or may not show.
    assert not re.findall(r"\bv(?:fma|fms|fnma|fnms)\S*", code)
    assert emulate(MACHINES["cortex-m4"], program) == expected(export("c", tmp_path / "c"))
