"""The distributions, built once, and the environments they are installed into."""

import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.environments.distributions import Distributions
from tests.environments.virtual_environment import VirtualEnvironment, run_checked
from tests.places import CHECKOUT, CLIP_FILES

# What git ignores, too. Above all egg-info and build: setuptools takes up what
# they hold, so a distribution built beside them may differ from a fresh clone's.
NOT_SOURCE = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")


@dataclass(frozen=True)
class Workshop:
    """The pieces of work under way: they run beside each other."""

    distributions: "Future[Distributions]"
    slim: "Future[VirtualEnvironment]"
    tflite: "Future[VirtualEnvironment] | None"


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    """Start building and installing; a minute's work on two cores."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        # One folder for all workers: `_once` lets the first one do each piece.
        folder = folder.parent
    folder = folder / "environments"
    folder.mkdir(exist_ok=True)
    with ThreadPoolExecutor(max_workers=3) as pool:
        distributions = pool.submit(_build, folder)
        slim = pool.submit(_make_slim, folder / "slim", distributions)
        tflite = None
        if _has_tflite_runtime():
            tflite = pool.submit(_make_tflite, folder / "tflite", distributions)
        yield Workshop(distributions, slim, tflite)


@pytest.fixture(scope="session")
def distributions(workshop: Workshop) -> Distributions:
    """The source distribution, and the wheel built from it."""
    return workshop.distributions.result()


@pytest.fixture(scope="session")
def slim(workshop: Workshop) -> VirtualEnvironment:
    """An environment with nothing but the wheel and what it requires."""
    return workshop.slim.result()


@pytest.fixture(scope="session")
def tflite(workshop: Workshop) -> VirtualEnvironment:
    """An environment whose only interpreter is tflite-runtime, with NumPy 1."""
    if workshop.tflite is None:
        pytest.skip("tflite-runtime 2.14, its last release, has no wheel for Python 3.12 or later")
    return workshop.tflite.result()


@pytest.fixture(scope="session")
def everything() -> VirtualEnvironment:
    """The environment of these tests: TensorFlow, SciPy and all else is in it."""
    return VirtualEnvironment(Path(sys.executable))


@pytest.fixture(scope="session")
def sample_clips() -> list[Path]:
    """The recordings that come with the repository."""
    clips = CLIP_FILES
    assert clips, "examples/clips: found no recordings, expected the sample clips"
    return clips


def _has_tflite_runtime() -> bool:
    return sys.version_info < (3, 12)


def _build(folder: Path) -> Distributions:
    source, output = folder / "source", folder / "dist"

    def build() -> None:
        shutil.copytree(CHECKOUT, source, ignore=NOT_SOURCE, dirs_exist_ok=True)
        # Told neither, `build` makes the sdist and then the wheel from the sdist.
        run_checked(sys.executable, "-m", "build", "--outdir", output, source, cwd=folder)

    _once(folder / "dist.lock", build)
    (sdist,), (wheel,) = output.glob("*.tar.gz"), output.glob("*.whl")
    return Distributions(source, sdist, wheel)


def _make_slim(folder: Path, distributions: "Future[Distributions]") -> VirtualEnvironment:
    environment = VirtualEnvironment(folder / "bin" / "python")

    def make() -> None:
        run_checked(sys.executable, "-m", "venv", folder, cwd=folder.parent)
        wheel = distributions.result().wheel
        _pip(environment, "install", str(wheel))

    _once(folder.with_suffix(".lock"), make)
    return environment


def _make_tflite(folder: Path, distributions: "Future[Distributions]") -> VirtualEnvironment:
    environment = VirtualEnvironment(folder / "bin" / "python")

    def make() -> None:
        run_checked(sys.executable, "-m", "venv", folder, cwd=folder.parent)
        wheel = distributions.result().wheel
        _pip(environment, "install", f"{wheel}[tflite]")
        # A 32-bit Pi never gets this one; here it would be chosen first.
        _pip(environment, "uninstall", "--yes", "ai-edge-litert")

    _once(folder.with_suffix(".lock"), make)
    return environment


def _pip(environment: VirtualEnvironment, verb: str, *arguments: str) -> None:
    # Indexes, mirrors and certificates are those of the machine's own pip configuration.
    command = ["-m", "pip", verb, "--quiet", "--retries", "10", *arguments]
    run_checked(environment.python, *command, cwd=environment.python.parent)


def _once(lock: Path, work: Callable[[], None]) -> None:
    """Do the work unless another process has done it; wait for one that is at it."""
    done = lock.with_suffix(".done")
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not done.exists():
            work()
            done.touch()
