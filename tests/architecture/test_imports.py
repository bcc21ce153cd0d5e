"""The rules of who may import whom, and what a module may look like."""

import dataclasses
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.architecture.import_graph import (
    Import,
    When,
    find_chain,
    find_imports,
    is_inside,
    read_modules,
    top_level,
)
from tests.architecture.packaging_metadata import package_folders

RUNTIME, TRAINER, FIRMWARE = "lightsernet_edge", "lightsernet_trainer", "lightsernet_firmware"

MODULES = read_modules(package_folders())
IMPORTS = find_imports(MODULES)
# What it is to know of models: the files, their record, their graph, all that runs them.
ABOUT_MODELS = tuple(
    f"{RUNTIME}.{name}" for name in ("models", "model", "engines", "classifier", "recognizer")
)
ABOUT_AUDIO = tuple(
    f"{RUNTIME}.{name}" for name in ("audio", "capture", "features", "classifier", "recognizer")
)
ABOUT_VERBS = (f"{RUNTIME}.cli", f"{TRAINER}.cli", f"{FIRMWARE}.cli")


def imports_of(package: str) -> list[Import]:
    return [found for found in IMPORTS if is_inside(found.importer, package)]


def listing(found: Iterable[Import]) -> str:
    return "".join(f"\n  {item}" for item in found)


def assert_knows_nothing_of(package: str, unknown: tuple[str, ...]) -> None:
    """Follow the imports from each module of a package, by way of others as well."""

    def is_unknown(target: str) -> bool:
        # The package at the root imports the whole runtime.
        return target == RUNTIME or any(is_inside(target, name) for name in unknown)

    starts = [name for name in MODULES if is_inside(name, package)]
    assert starts, f"{package}: no such module"
    for start in starts:
        chain = find_chain(IMPORTS, start, is_unknown)
        assert chain is None, f"{package} must know nothing of {chain[-1].target}:{listing(chain)}"


def test_sources_are_found() -> None:
    assert {top_level(name) for name in MODULES} == {RUNTIME, TRAINER, FIRMWARE}
    assert set(ABOUT_MODELS) | set(ABOUT_AUDIO) <= set(MODULES), (
        "a rule names a module that is gone"
    )


@pytest.mark.parametrize(("package", "stranger"), [(TRAINER, FIRMWARE), (FIRMWARE, TRAINER)])
def test_trainer_and_firmware_know_the_runtime_alone(package: str, stranger: str) -> None:
    wrong = [found for found in imports_of(package) if is_inside(found.target, stranger)]
    assert not wrong, f"{package} may import {RUNTIME}, not {stranger}:{listing(wrong)}"


def test_runtime_imports_neither_trainer_nor_firmware_not_even_lazily() -> None:
    wrong = [
        found for found in imports_of(RUNTIME) if top_level(found.target) in (TRAINER, FIRMWARE)
    ]
    assert not wrong, f"it finds what they offer by entry point:{listing(wrong)}"


@pytest.mark.parametrize("package", [RUNTIME, TRAINER, FIRMWARE])
def test_only_verbs_know_verbs(package: str) -> None:
    wrong = [
        found
        for found in imports_of(package)
        if any(is_inside(found.target, cli) for cli in ABOUT_VERBS)
        and not any(is_inside(found.importer, cli) for cli in ABOUT_VERBS)
        and found.importer != f"{RUNTIME}.__main__"
    ]
    assert not wrong, f"a library does not know its command line:{listing(wrong)}"


def test_no_module_imports_itself_by_way_of_others() -> None:
    for name in MODULES:
        chain = find_chain(IMPORTS, name, lambda target, name=name: target == name)  # type: ignore[misc]
        assert chain is None, f"a circle:{listing(chain)}"


def test_no_package_imports_itself_by_way_of_others() -> None:
    """Sub-packages stand for all that is in them; a module beside them stands for itself."""

    def room(name: str) -> str:
        return ".".join(name.split(".")[:2])

    between = [
        dataclasses.replace(found, importer=room(found.importer), target=room(found.target))
        for found in IMPORTS
        # The package at the root is the face of all that it exports.
        if found.target in MODULES
        and room(found.importer) != room(found.target)
        and top_level(found.importer) not in (found.importer, found.target)
    ]
    for name in {found.importer for found in between}:
        chain = find_chain(between, name, lambda target, name=name: target == name)  # type: ignore[misc]
        assert chain is None, f"a circle of packages:{listing(chain)}"


@pytest.mark.parametrize("package", ["audio", "features"])
def test_audio_and_features_know_nothing_of_models(package: str) -> None:
    assert_knows_nothing_of(f"{RUNTIME}.{package}", ABOUT_MODELS)


def test_engines_know_nothing_of_audio() -> None:
    assert_knows_nothing_of(f"{RUNTIME}.engines", ABOUT_AUDIO)


def test_decision_knows_only_posteriors_and_time() -> None:
    wrong = [
        found
        for found in imports_of(f"{RUNTIME}.decision")
        if top_level(found.target) not in {"numpy", *sys.stdlib_module_names}
        and not is_inside(found.target, f"{RUNTIME}.decision")
    ]
    assert not wrong, f"decision may import NumPy and the standard library:{listing(wrong)}"


SOURCES = {
    "shop": "",
    "shop.till": "from . import goods\nfrom .goods import PRICE\n",
    "shop.goods": "",
    "shop.stock.room": """
from typing import TYPE_CHECKING
import importlib
if TYPE_CHECKING:
    import numpy
else:
    import json
class Shelf:
    from ..goods import PRICE
    def reach(self):
        from .. import till
        return _load("scipy.signal", "scipy")
def _load(name, package):
    return importlib.import_module(name)
try:
    import os.path
except ImportError:
    if importlib:
        import struct
""",
}


def test_finder_sees_every_kind_of_import(tmp_path: Path) -> None:
    # A finder that overlooks something would let all the rules above pass.
    for name, source in SOURCES.items():
        path = tmp_path.joinpath(*name.split("."))
        is_package = any(other.startswith(name + ".") for other in SOURCES)
        path = path / "__init__.py" if is_package else path.with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    found = find_imports(read_modules({"shop": tmp_path / "shop"}))
    assert [(item.importer, item.target, item.when, item.line) for item in found] == [
        ("shop.stock.room", "typing", When.AT_IMPORT, 2),
        ("shop.stock.room", "importlib", When.AT_IMPORT, 3),
        ("shop.stock.room", "numpy", When.NEVER, 5),
        ("shop.stock.room", "json", When.AT_IMPORT, 7),
        ("shop.stock.room", "shop.goods", When.AT_IMPORT, 9),
        ("shop.stock.room", "shop.till", When.LAZILY, 11),
        ("shop.stock.room", "scipy.signal", When.DYNAMICALLY, 12),
        ("shop.stock.room", "os.path", When.AT_IMPORT, 16),
        ("shop.stock.room", "struct", When.AT_IMPORT, 19),
        ("shop.till", "shop.goods", When.AT_IMPORT, 1),
        ("shop.till", "shop.goods", When.AT_IMPORT, 2),
    ]
    chain = find_chain(found, "shop.stock.room", lambda target: target == "shop.goods")
    assert chain is not None
    assert [item.line for item in chain] == [9]
