"""Every import of another's package is declared, and everything declared is imported."""

import sys
from collections import Counter

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.import_graph import Import, When, find_imports, read_modules, top_level
from tests.architecture.packaging_metadata import CHECKOUT, module_of, package_folders, requirements

BASE = ""
# The extras whose packages each top-level package may import besides the base install's.
EXTRAS = {
    "lightsernet_edge": ("serve",),
    "lightsernet_trainer": ("train", "torch", "dask", "ray"),
    "lightsernet_firmware": ("flash", "sign"),
}
# Declared and not imported, or not yet, with the reason; an entry that is out of date fails.
NOT_YET_IMPORTED: dict[str, str] = {
    "ethos_u_vela": "a program, which export runs",
    "scipy": "python_speech_features imports it and does not declare it",
}

# Of the tests: programs that they run, and packages that only they import.
OF_TESTS = ("dev", "targets", "esphome")

FOLDERS = package_folders()
REQUIREMENTS = requirements()
FOREIGN = [
    found
    for found in find_imports(read_modules(FOLDERS))
    if top_level(found.target) not in {*FOLDERS, *sys.stdlib_module_names}
]


def modules_of(extra: str) -> set[str]:
    return {module_of(requirement) for requirement in REQUIREMENTS[extra]}


def has_lower_bound(requirement: Requirement) -> bool:
    return any(item.operator in (">=", "~=", "==") for item in requirement.specifier)


def test_each_package_has_its_rule() -> None:
    assert set(EXTRAS) == set(FOLDERS)


@pytest.mark.parametrize("package", EXTRAS)
def test_imports_are_declared(package: str) -> None:
    allowed = modules_of(BASE).union(*(modules_of(extra) for extra in EXTRAS[package]))
    # What is asked for by name and may be missing: TensorFlow as an interpreter.
    optional = set[str]().union(
        *(modules_of(extra) for extra in REQUIREMENTS if extra not in OF_TESTS)
    )

    def is_declared(found: Import) -> bool:
        return top_level(found.target) in (optional if found.when is When.DYNAMICALLY else allowed)

    wrong = [
        str(found)
        for found in FOREIGN
        if top_level(found.importer) == package and not is_declared(found)
    ]
    where = " or ".join(["install_requires", *EXTRAS[package]])
    assert not wrong, f"not declared in setup.cfg, {where}:\n  " + "\n  ".join(wrong)


@pytest.mark.parametrize("extra", [extra for extra in REQUIREMENTS if extra not in OF_TESTS])
def test_declared_packages_are_imported(extra: str) -> None:
    imported = {top_level(found.target) for found in FOREIGN}
    unused = modules_of(extra) - imported - set(NOT_YET_IMPORTED)
    assert not unused, f"setup.cfg, {extra or 'install_requires'}: {unused} is imported nowhere"


def test_what_others_do_not_declare_is_declared_here() -> None:
    """python_speech_features imports SciPy, though its distribution requires nothing."""
    assert {"python_speech_features", "scipy"} <= modules_of("compare")


def test_exceptions_are_up_to_date() -> None:
    imported = {top_level(found.target): str(found) for found in FOREIGN}
    stale = {name: imported[name] for name in NOT_YET_IMPORTED if name in imported}
    assert not stale, f"imported now, so no exception any more: {stale}"


@pytest.mark.parametrize("extra", REQUIREMENTS)
def test_each_requirement_is_named_once_with_a_lower_bound(extra: str) -> None:
    counts = Counter(canonicalize_name(item.name) for item in REQUIREMENTS[extra])
    twice = {name for name, count in counts.items() if count > 1}
    assert not twice, f"setup.cfg, {extra or 'install_requires'}: {twice} is named more than once"
    # An extra is installed on top of the base, so it may only narrow what that asks for.
    bounded = {item.name for item in REQUIREMENTS[BASE] if has_lower_bound(item)}
    unbounded = [
        str(item)
        for item in REQUIREMENTS[extra]
        if not has_lower_bound(item) and not (extra != BASE and item.name in bounded)
    ]
    assert not unbounded, f"setup.cfg, {extra or 'install_requires'}: no lower bound: {unbounded}"


def test_build_requirements_have_lower_bounds() -> None:
    tomllib = pytest.importorskip("tomllib", reason="tomllib came with Python 3.11")
    build = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    unbounded = [item for item in build["requires"] if not has_lower_bound(Requirement(item))]
    assert not unbounded, f"pyproject.toml, build-system: no lower bound: {unbounded}"
