"""What setup.cfg declares: packages, and requirements by extra."""

import configparser
from pathlib import Path

from packaging.requirements import Requirement

from tests.places import CHECKOUT

# Distributions whose module goes by another name than theirs.
_MODULES = {"pyserial": "serial", "scikit-learn": "sklearn"}


def read_setup() -> configparser.ConfigParser:
    """Read setup.cfg."""
    setup = configparser.ConfigParser()
    setup.read_string((CHECKOUT / "setup.cfg").read_text(encoding="utf-8"))
    return setup


def package_folders() -> dict[str, Path]:
    """Return the folder of each top-level package."""
    lines = _lines(read_setup()["options"]["package_dir"])
    return {
        name.strip(): CHECKOUT / folder.strip()
        for name, folder in (line.split("=", 1) for line in lines)
    }


def requirements() -> dict[str, list[Requirement]]:
    """Return the requirements by extra; those of the base install under ''."""
    setup = read_setup()
    declared = {"": _parse(setup["options"]["install_requires"])}
    for extra, text in setup["options.extras_require"].items():
        declared[extra] = _parse(text)
    return declared


def module_of(requirement: Requirement) -> str:
    """Return the name that a distribution is imported by."""
    return _MODULES.get(requirement.name, requirement.name.replace("-", "_"))


def _parse(text: str) -> list[Requirement]:
    return [Requirement(line) for line in _lines(text)]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
