"""Running commands in a virtual environment as its user would, and nothing of ours in it."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT_S = 1200


@dataclass(frozen=True)
class VirtualEnvironment:
    """A Python with the SDK installed, known by its interpreter."""

    python: Path

    def run(
        self, *arguments: str | Path, cwd: Path, python_path: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the interpreter; `python_path` is put in front of what is installed."""
        return _run([self.python, *arguments], cwd, python_path)

    def command(
        self, *arguments: str | Path, cwd: Path, python_path: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the installed command ``lightsernet-edge``."""
        return _run([self.python.parent / "lightsernet-edge", *arguments], cwd, python_path)


def run_checked(*arguments: str | Path, cwd: Path) -> str:
    """Run a command that must succeed and return its stdout."""
    done = _run(arguments, cwd)
    if done.returncode != 0:
        raise RuntimeError(
            f"{' '.join(map(str, arguments))}: exit status {done.returncode}\n"
            f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        )
    return done.stdout


def _run(
    arguments: Sequence[str | Path], cwd: Path, python_path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    # What the caller's own Python was told, PYTHONPATH above all, must not
    # reach an environment that is to prove that it stands alone.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON") and name != "VIRTUAL_ENV"
    }
    environment["PYTHONNOUSERSITE"] = "1"
    if python_path is not None:
        environment["PYTHONPATH"] = str(python_path)
    return subprocess.run(
        [str(argument) for argument in arguments],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_TIMEOUT_S,
        check=False,
    )
