"""What other packages add to ``info``, and what is printed where none does, or one fails."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest

from lightsernet_edge.cli import info_contributors
from lightsernet_edge.errors import InputError
from tests.edge.cli.refusals import Command

pytestmark = pytest.mark.usefixtures("desk")

FIGURES = (
    "flash_bytes",
    "ram_bytes",
    "ram_bytes_by_target",
    "listener_ram_bytes",
    "continuous_ram_bytes",
)
WARNING = "lightsernet-edge: warning: "


def fail(*_: object) -> Any:
    raise ValueError("no\nidea")


def refuse(*_: object) -> Any:
    raise InputError("--weigh: too heavy")


def add_weight_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weigh", action="store_true")


CALLS: dict[str, Callable[..., Any]] = {
    "add_flags": add_weight_flag,
    "fields": lambda file, arguments: {"ram_bytes": 3, "weigh": arguments.weigh},
    "rows": lambda fields: [("weight", f"{fields['ram_bytes']} grams")],
    "tables": lambda fields: ["a table below"],
}
SCALES = SimpleNamespace(**CALLS)
# Each fails at one call, and has no flag of its own.
FLAGLESS = {**CALLS, "add_flags": lambda parser: None, "fields": lambda *_: {"ram_bytes": 4}}
FAILING = SimpleNamespace(
    **{name: SimpleNamespace(**{**FLAGLESS, name: fail}) for name in CALLS},
    # It has the same flag as `SCALES`.
    twin=SCALES,
)
REFUSING = SimpleNamespace(**{**CALLS, "fields": refuse})


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Register contributors in place of those that are installed."""

    def register(**values: str) -> None:
        group = info_contributors.GROUP
        points = [EntryPoint(name, value, group) for name, value in values.items()]
        monkeypatch.setattr(info_contributors, "entry_points", lambda group: points)

    return register


def json_of(stdout: str) -> dict[str, Any]:
    (line,) = stdout.splitlines()
    facts: dict[str, Any] = json.loads(line)
    return facts


def test_without_a_contributor(registered: Callable[..., None], command: Command) -> None:
    installed = json_of(command("info", "model.tflite", "--json").stdout)
    registered()
    outcome = command("info", "model.tflite", "--json")
    assert (outcome.status, outcome.stderr) == (0, "")
    facts = json_of(outcome.stdout)
    assert list(facts) == list(installed)
    assert [facts[name] for name in FIGURES] == [None] * len(FIGURES)
    assert "no installed package" in facts["firmware"]
    assert facts["firmware"] in command("info", "model.tflite").stdout
    assert "--layers" in command("info", "model.tflite", "--layers").stderr


def test_a_contributor_adds_fields_flags_rows_and_tables(
    registered: Callable[..., None], command: Command
) -> None:
    registered(scales=f"{__name__}:SCALES")
    facts = json_of(command("info", "model.tflite", "--weigh", "--json").stdout)
    assert (facts["ram_bytes"], facts["flash_bytes"], facts["weigh"]) == (3, None, True)
    lines = command("info", "model.tflite").stdout.splitlines()
    assert any(line.split() == ["weight", "3", "grams"] for line in lines)
    assert lines[-1] == "a table below"


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        ("no_such_package.info", "ModuleNotFoundError: No module named 'no_such_package'"),
        (f"{__name__}:FAILING.absent", "AttributeError: "),
        (f"{__name__}:FAILING.twin", "ArgumentError: argument --weigh: conflicting"),
        *((f"{__name__}:FAILING.{name}", "ValueError: no idea") for name in CALLS),
    ],
    ids=lambda text: text.rsplit(":", 1)[-1],
)
def test_one_that_fails_is_named_and_the_rest_is_printed(
    value: str,
    cause: str,
    registered: Callable[..., None],
    command: Command,
) -> None:
    registered(a_scale=f"{__name__}:SCALES", broken=value)
    outcome = command("info", "model.tflite")
    assert outcome.status == 0
    (line,) = outcome.stderr.splitlines()
    assert line.startswith(f"{WARNING}info: contributor broken: {cause}")
    assert "sha256" in outcome.stdout
    assert outcome.stdout.endswith("a table below\n")


def test_the_only_one_fails(registered: Callable[..., None], command: Command) -> None:
    registered(broken=f"{__name__}:FAILING.fields")
    outcome = command("info", "model.tflite", "--json")
    facts = json_of(outcome.stdout)
    assert facts["ram_bytes"] is None
    assert facts["firmware"] == "broken: ValueError: no idea"
    assert command("info", "model.tflite").stdout.count("ValueError") == 1
    debugged = command("--debug", "info", "model.tflite")
    assert debugged.status == 1
    assert "Traceback" in debugged.stderr


def test_other_verbs_do_not_mind(registered: Callable[..., None], command: Command) -> None:
    registered(broken="no_such_package.info")
    outcome = command("classify", "--model", "model.tflite", "good.wav", "--json")
    assert (outcome.status, outcome.stderr) == (0, "")


def test_a_flag_of_a_contributor_that_is_wrong(
    registered: Callable[..., None], command: Command
) -> None:
    registered(scale=f"{__name__}:REFUSING")
    outcome = command("info", "model.tflite")
    assert outcome.status == 2
    assert outcome.stderr.splitlines() == ["lightsernet-edge: error: --weigh: too heavy"]
