"""What ``from lightsernet_edge import ...`` offers is whole: docs and examples need no more."""

from __future__ import annotations

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

import pytest

import lightsernet_edge
from tests.places import CHECKOUT

PUBLIC = {name: getattr(lightsernet_edge, name) for name in lightsernet_edge.__all__}
# Of a ModelFile: the network as planner and engines read it.
INNER = {"Graph"}
PAGES = sorted(
    [*CHECKOUT.glob("docs/**/*.md"), *CHECKOUT.glob("examples/**/*.py"), CHECKOUT / "README.md"]
)


def functions_of(thing: object) -> Iterator[FunctionType]:
    """Yield a function, or the public methods and properties of a class."""
    if isinstance(thing, FunctionType):
        yield thing
    if not inspect.isclass(thing):
        return
    for name, member in vars(thing).items():
        if name.startswith("_") and name not in ("__init__", "__call__"):
            continue
        function = inspect.unwrap(getattr(member, "fget", None) or getattr(member, "func", member))
        function = getattr(function, "__func__", function)
        # A protocol has an __init__ of Python's own.
        if isinstance(function, FunctionType) and function.__module__ != "typing":
            yield function


def classes_in(hint: object) -> Iterator[type]:
    """Yield the package's classes that a type hint is made of."""
    if inspect.isclass(hint) and hint.__module__.startswith("lightsernet_edge"):
        yield hint
    for part in typing.get_args(hint):
        if isinstance(part, list):
            for item in part:
                yield from classes_in(item)
        else:
            yield from classes_in(part)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_what_it_takes_and_gives_is_public(name: str) -> None:
    thing = PUBLIC[name]
    hints = [hint for f in functions_of(thing) for hint in typing.get_type_hints(f).values()]
    if dataclasses.is_dataclass(thing):
        hints += typing.get_type_hints(thing).values()
    lacking = {c.__name__ for hint in hints for c in classes_in(hint)} - set(PUBLIC) - INNER
    assert not lacking, f"{name} needs {sorted(lacking)}"


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_parameter_is_described(name: str) -> None:
    thing = PUBLIC[name]
    for function in functions_of(thing):
        documented = thing if function.__name__ == "__init__" else function
        text = inspect.getdoc(documented) or ""
        for parameter in inspect.signature(function).parameters:
            if parameter == "self" or parameter == "cls":
                continue
            assert re.search(rf"(?<!\w){parameter}(?!\w)", text), (
                f"{function.__qualname__}: {parameter} is not in its docstring"
            )


def test_names_are_listed_once_and_shown() -> None:
    assert len(set(lightsernet_edge.__all__)) == len(lightsernet_edge.__all__)
    assert set(lightsernet_edge.__all__) <= set(dir(lightsernet_edge))
    with pytest.raises(AttributeError, match="'lightsernet_edge' has no attribute 'Magic'"):
        lightsernet_edge.Magic  # noqa: B018


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_pages_and_examples_import_what_is_public(page: Path) -> None:
    inner = re.findall(r"^from lightsernet_edge\.\S+ import .*", page.read_text("utf-8"), re.M)
    assert not inner
