"""What is in the wheel and the source distribution."""

import configparser
import email.message
import email.parser
import tarfile
import zipfile
from pathlib import Path

import pytest

from lightsernet_edge import shipped_models
from tests.environments.distributions import Distributions

PACKAGES = {"lightsernet_edge", "lightsernet_trainer", "lightsernet_firmware"}


@pytest.fixture(scope="module")
def names(distributions: Distributions) -> set[str]:
    """The files in the wheel."""
    with zipfile.ZipFile(distributions.wheel) as wheel:
        assert wheel.testzip() is None
        return set(wheel.namelist())


def read_info(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as file:
        (entry,) = (n for n in file.namelist() if n.endswith(f".dist-info/{name}"))
        return file.read(entry).decode()


def read_metadata(wheel: Path) -> email.message.Message:
    return email.parser.Parser().parsestr(read_info(wheel, "METADATA"))


@pytest.mark.parametrize(
    "name",
    [
        *(f"lightsernet_edge/models/{name}.tflite" for name in shipped_models()),
        "lightsernet_edge/py.typed",
        "lightsernet_trainer/datasets/emodb_sha256.csv",
    ],
)
def test_wheel_carries(names: set[str], name: str) -> None:
    assert name in names


def test_wheel_holds_the_packages_and_nothing_else(names: set[str]) -> None:
    folders = {name.partition("/")[0] for name in names}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == PACKAGES


def test_wheel_holds_every_file_of_the_packages(
    distributions: Distributions, names: set[str]
) -> None:
    # setup.cfg lists packages and their data by hand: a new one is easily forgotten.
    expected = {
        path.relative_to(parent).as_posix()
        for parent in (distributions.source / "sdk", distributions.source / "firmware_export")
        for path in parent.rglob("*")
        if path.is_file()
    }
    assert {name for name in names if ".dist-info/" not in name} == expected


def test_wheel_is_for_any_platform(distributions: Distributions) -> None:
    assert distributions.wheel.name.endswith("-py3-none-any.whl")


def test_wheel_registers_command_and_engines(distributions: Distributions) -> None:
    entries = configparser.ConfigParser()
    entries.read_string(read_info(distributions.wheel, "entry_points.txt"))
    assert dict(entries["console_scripts"]) == {"lightsernet-edge": "lightsernet_edge.cli:main"}
    assert {"litert", "tflite", "tensorflow"} <= set(entries["lightsernet_edge.engines"])


def test_wheel_carries_its_licence(distributions: Distributions, names: set[str]) -> None:
    # Under which of the two names depends on the age of setuptools.
    metadata = read_metadata(distributions.wheel)
    assert (metadata["License-Expression"] or metadata["License"]) == "Apache-2.0"
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_wheel_offers_the_extras(distributions: Distributions) -> None:
    extras = read_metadata(distributions.wheel).get_all("Provides-Extra")
    assert extras is not None
    assert {"train", "dev", "tflite"} <= set(extras)


def test_sdist_holds_source_licence_and_packaging(distributions: Distributions) -> None:
    # That it builds is shown by the wheel, which was built from it.
    with tarfile.open(distributions.sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert held >= {"LICENSE", "README.md", "setup.cfg", "pyproject.toml"}
    assert held >= {f"sdk/lightsernet_edge/models/{name}.tflite" for name in shipped_models()}
