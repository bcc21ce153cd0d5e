"""The wheel that carries the C engine, where there is no compiler."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from distribution.platform_wheels import COMPILERS, LIBRARIES, platform_wheel
from lightsernet_edge import EmotionRecognizer
from lightsernet_firmware.host.packaged import LIST, VARIANTS
from tests.environments.distributions import Distributions
from tests.environments.virtual_environment import VirtualEnvironment, run_checked
from tests.places import CLIPS

CLASSIFY = ("classify", "--json", "--engine", "native")

pytestmark = pytest.mark.skipif(
    os.uname().machine != "x86_64" or shutil.which(COMPILERS["x86_64"]) is None,
    reason=f"not installed, or no x86-64 machine: {COMPILERS['x86_64']}",
)


@pytest.fixture(scope="module")
def wheel(distributions: Distributions, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return platform_wheel(distributions.wheel, "x86_64", tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="module")
def no_compiler(
    wheel: Path, slim: VirtualEnvironment, tmp_path_factory: pytest.TempPathFactory
) -> VirtualEnvironment:
    """A new environment with the wheel; what it requires is that of the slim environment."""
    folder = tmp_path_factory.mktemp("environment")
    run_checked(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    environment = VirtualEnvironment(folder / "bin" / "python")
    (packages,) = folder.glob("lib/python*/site-packages")
    install = ["-m", "pip", "--python", environment.python, "install", "--quiet", "--no-deps"]
    run_checked(sys.executable, *install, wheel, cwd=folder)
    (of_slim,) = slim.python.parents[1].glob("lib/python*/site-packages")
    (packages / "slim.pth").write_text(f"{of_slim}\n")
    return environment


def command(
    environment: VirtualEnvironment, cwd: Path, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run the command with nothing on PATH, and a cache that nobody has used."""
    return subprocess.run(
        [environment.python, "-I", "-m", "lightsernet_edge", *arguments],
        env={"PATH": str(cwd / "nothing"), "XDG_CACHE_HOME": str(cwd / "cache")},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_c_engine_runs_without_a_compiler(
    no_compiler: VirtualEnvironment, sample_clips: list[Path], tmp_path: Path
) -> None:
    done = command(no_compiler, tmp_path, *CLASSIFY, *sample_clips)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    recognizer = EmotionRecognizer(engine="litert")
    assert len(rows) == len(sample_clips)
    for row, clip in zip(rows, sample_clips, strict=True):
        assert row["posteriors"] == dict(recognizer.classify(clip).posteriors)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    "arguments",
    [["export", "--format", "c", "--out", "exported"], ["validate", "--audio", CLIPS]],
    ids=lambda arguments: arguments[0],
)
def test_firmware_verbs_need_none_either(
    arguments: list[str | Path], no_compiler: VirtualEnvironment, tmp_path: Path
) -> None:
    done = command(no_compiler, tmp_path, *arguments)
    assert done.returncode == 0, done.stderr


def test_without_the_library_a_compiler_is_asked_for(
    no_compiler: VirtualEnvironment, sample_clips: list[Path], tmp_path: Path
) -> None:
    (folder,) = no_compiler.python.parents[1].glob(f"lib/python*/site-packages/{LIBRARIES}")
    hidden = folder.rename(folder.with_name("hidden"))
    try:
        done = command(no_compiler, tmp_path, *CLASSIFY, sample_clips[0])
    finally:
        hidden.rename(folder)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "engine native needs a C compiler" in done.stderr


def test_the_tag_is_what_auditwheel_says(wheel: Path, tmp_path: Path) -> None:
    text = run_checked(sys.executable, "-m", "auditwheel", "show", wheel, cwd=tmp_path)
    tag = wheel.stem.rpartition("-")[2]
    assert f'is consistent with the following platform tag: "{tag}"' in " ".join(text.split())


def test_the_wheel_is_the_pure_one_and_the_libraries(
    wheel: Path, distributions: Distributions
) -> None:
    with zipfile.ZipFile(wheel) as made, zipfile.ZipFile(distributions.wheel) as pure:
        assert made.testzip() is None
        added = set(made.namelist()) - set(pure.namelist())
        assert set(pure.namelist()) <= set(made.namelist())
    files = [LIST, *(variant.file_name for variant in VARIANTS["x86_64"])]
    assert added == {f"{LIBRARIES}/{name}" for name in files}
