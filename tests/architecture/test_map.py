"""The map in docs/architecture.md names every sub-package of the packages, and every module beside.

The modules of a sub-package go by its line.
"""

from pathlib import Path

import pytest

from tests.architecture.packaging_metadata import CHECKOUT, package_folders

PAGE = CHECKOUT / "docs" / "architecture.md"


def read_map() -> dict[str, list[str]]:
    """Return what stands under each package's folder; a wide gap parts names and words."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition("```text\n")
    block, _, _ = rest.partition("```")
    names: dict[str, list[str]] = {}
    under: list[str] = []
    for line in block.splitlines():
        depth = len(line) - len(line.lstrip())
        entries = line.strip().split("  ")[0].split()
        if depth < 4:
            under = names.setdefault(entries[0].rstrip("/"), [])
        else:
            under += entries
    return names


def names_in(folder: Path) -> set[str]:
    """List modules and folders; what begins with an underscore is the package itself."""
    return {
        f"{path.name}/" if path.is_dir() else path.name
        for path in folder.iterdir()
        if not path.name.startswith("_") and (path.is_dir() or path.suffix == ".py")
    }


@pytest.mark.parametrize("package", package_folders())
def test_the_map_names_what_there_is(package: str) -> None:
    named = read_map()[package]
    folder = package_folders()[package]
    assert len(named) == len(set(named)), f"{package}: a name stands there twice"
    missing, gone = names_in(folder) - set(named), set(named) - names_in(folder)
    assert not missing, f"{PAGE.name} does not name {sorted(missing)} of {package}"
    assert not gone, f"{PAGE.name} names {sorted(gone)}, which {package} does not have"
