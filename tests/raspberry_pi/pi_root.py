"""The root tree of a Raspberry Pi's system, and the Python packages of the runtime for it.

    python -m tests.raspberry_pi.pi_root SYSTEM FOLDER

Unpacks Debian's packages, with no chroot and no rights: apt resolves what is needed for a
system of that architecture with nothing installed. Pi OS 12 is Debian 12.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from tests.architecture.packaging_metadata import requirements

RELEASE = "bookworm"
PYTHON = "3.11"
MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# Wheels for what Debian 12 has: glibc 2.36.
GLIBCS = range(17, 37)


@dataclass(frozen=True)
class System:
    """A Pi's operating system.

    Attributes
    ----------
    architecture : str
        As Debian calls it.
    machine : str
        As Python and pip call it.
    packages : tuple of str
        Of Debian.
    sites : dict of str to tuple of str
        Folders of Python packages, and what pip installs into each; what stands in
        ``plain`` without what it requires.
    plain : tuple of str
    """

    architecture: str
    machine: str
    packages: tuple[str, ...]
    sites: dict[str, tuple[str, ...]]
    plain: tuple[str, ...]


def _required(machine: str) -> tuple[str, ...]:
    """Return what the runtime requires on a machine, as setup.cfg says."""
    environment = {"platform_machine": machine}
    return tuple(
        str(Requirement(f"{item.name}{item.specifier}"))
        for item in requirements()[""]
        if item.marker is None or item.marker.evaluate(environment)
    )


SYSTEMS = {
    "aarch64": System(
        "arm64",
        "aarch64",
        (f"python{PYTHON}", "libstdc++6", "libportaudio2"),
        {"base": _required("aarch64"), "tflite": ("tflite-runtime==2.14.0", "numpy<2")},
        plain=("tflite",),
    ),
    # PyPI has no wheels of NumPy, CFFI and soxr for this one. A Pi takes them from
    # piwheels.org; here Debian's NumPy and CFFI stand in, and soxr is missing.
    "armhf": System(
        "armhf",
        "armv7l",
        (
            *(f"python{PYTHON}", "libstdc++6", "libportaudio2", "libsndfile1"),
            *("python3-numpy", "python3-cffi-backend"),
        ),
        {
            "base": (
                *("rich", "markdown-it-py", "mdurl", "pygments"),
                *("soundfile", "sounddevice", "typing-extensions"),
            ),
            "tflite": ("tflite-runtime==2.14.0",),
        },
        plain=("base", "tflite"),
    ),
}
# What update-alternatives would link.
_ALTERNATIVES = {"libblas.so.3": "blas", "liblapack.so.3": "lapack"}


def main() -> None:
    """Make the tree."""
    name, folder = sys.argv[1:]
    system, place = SYSTEMS[name], Path(folder).absolute()
    unpack(system, place / "debian", place / "root")
    for site, wanted in system.sites.items():
        pip_install(system, place / site, wanted, requires=site not in system.plain)


def unpack(system: System, cache: Path, root: Path) -> None:
    """Download Debian's packages and unpack them."""
    for part in ("lists/partial", "archives/partial", "etc"):
        (cache / part).mkdir(parents=True, exist_ok=True)
    (cache / "status").touch()
    (cache / "etc/sources.list").write_text(f"deb [signed-by={KEYRING}] {MIRROR} {RELEASE} main\n")
    options = {
        "APT::Architecture": system.architecture,
        "APT::Architectures": system.architecture,
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Debug::NoLocking": "true",
        "Dir::State::lists": str(cache / "lists"),
        "Dir::State::status": str(cache / "status"),
        "Dir::Cache": str(cache),
        "Dir::Cache::archives": str(cache / "archives"),
        "Dir::Etc::sourcelist": str(cache / "etc/sources.list"),
        "Dir::Etc::sourceparts": "/dev/null",
    }
    apt = ["apt-get", "--quiet=2", *(f"--option={key}={value}" for key, value in options.items())]
    _run(*apt, "update")
    _run(*apt, "install", "--yes", "--download-only", *system.packages)
    root.mkdir(parents=True, exist_ok=True)
    for archive in sorted((cache / "archives").glob("*.deb")):
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE
        ) as packed:
            _run("tar", "--extract", "--file=-", f"--directory={root}", stdin=packed.stdout)
        if packed.returncode:
            raise SystemExit(f"{archive}: dpkg-deb ends with status {packed.returncode}")
    for library, folder in _ALTERNATIVES.items():
        for found in root.glob(f"usr/lib/*/{folder}/{library}"):
            link = found.parents[1] / library
            link.unlink(missing_ok=True)
            link.symlink_to(f"{folder}/{library}")


def pip_install(
    system: System, target: Path, wanted: tuple[str, ...], requires: bool = False
) -> None:
    """Install wheels of the system's platform into a folder.

    Parameters
    ----------
    system : System
    target : Path
    wanted : tuple of str
        Requirements, or paths of wheels.
    requires : bool
        Whether to install also what these require.
    """
    platforms = [f"manylinux_2_{minor}_{system.machine}" for minor in GLIBCS]
    _run(
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--upgrade"),
        *("--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "cp"),
        *(f"--abi={abi}" for abi in ("cp311", "abi3", "none")),
        *(f"--platform={platform}" for platform in platforms),
        *(() if requires else ("--no-deps",)),
        *("--target", target, *wanted),
    )


def _run(*command: str | Path, stdin: object = None) -> None:
    done = subprocess.run([*map(str, command)], stdin=stdin, check=False)  # type: ignore[call-overload]
    if done.returncode:
        raise SystemExit(f"{command[0]} ends with status {done.returncode}")


if __name__ == "__main__":
    main()
