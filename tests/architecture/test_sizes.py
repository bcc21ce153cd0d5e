"""How large a module, a function and a folder may be, and what they may be called."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.import_graph import Module, read_modules
from tests.architecture.packaging_metadata import package_folders

MAX_MODULE_LINES = 350
MAX_FUNCTION_LINES = 60
MAX_ENTRIES = 17
# Names that say nothing of what is inside.
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "misc"}
# Not written here: generated, or vendors' conventions.
_IGNORED_FOLDERS = {"__pycache__"}

MODULES = read_modules(package_folders())


def folders() -> Iterator[Path]:
    for root in package_folders().values():
        yield root
        yield from (
            path
            for path in sorted(root.rglob("*"))
            if path.is_dir() and not _IGNORED_FOLDERS & set(path.parts)
        )


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_module_is_named_documented_and_of_a_size(module: Module) -> None:
    empty = EMPTY_NAMES & set(module.name.split("."))
    assert not empty, f"{module.path}:1: {empty.pop()!r} does not say what is inside"
    assert ast.get_docstring(module.tree), f"{module.path}:1: has no docstring"
    lines = module.source.count("\n")
    assert lines <= MAX_MODULE_LINES, f"{module.path}:{lines}: at most {MAX_MODULE_LINES} lines"


@pytest.mark.parametrize("module", MODULES.values(), ids=MODULES)
def test_functions_are_of_a_size(module: Module) -> None:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, (
                f"{module.path}:{node.lineno}: {node.name} has {lines} lines, "
                f"at most {MAX_FUNCTION_LINES}"
            )


def test_folders_hold_what_an_eye_takes_in() -> None:
    for folder in folders():
        entries = [path.name for path in folder.iterdir() if path.is_file()]
        assert len(entries) <= MAX_ENTRIES, f"{folder}: {len(entries)} entries"
