"""The page of the command line names every verb, flag and JSON field, and no others."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import pytest

from lightsernet_edge import extras
from lightsernet_edge.cli import build_parser, main
from tests.places import DOCS

REFERENCE = DOCS / "reference"
PAGE = (REFERENCE / "command-line.md").read_text(encoding="utf-8")
CLIP = DOCS.parent / "examples" / "clips" / "anger_03a02Wc.wav"
# The extra of verbs that need another one than the trainer's.
EXTRA_OF = {"serve": "serve", **dict.fromkeys(("keygen", "public-key", "sign", "verify"), "sign")}
CODE = re.compile(r"`([^`]+)`")
FLAG = re.compile(r"`(--[a-z0-9-]+)")


def rows_of(text: str) -> list[list[str]]:
    """Return the cells of a page's tables, without headings."""
    rows = []
    inside = False
    for line in text.splitlines():
        if line.startswith("| ---"):
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside:
            rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n")[1].split("\n## ")[0]


def parsers() -> dict[str, argparse.ArgumentParser]:
    (verbs,) = (action for action in build_parser()._actions if isinstance(action.choices, dict))
    return dict(verbs.choices)


def flags_of(parser: argparse.ArgumentParser) -> set[str]:
    return {
        flag
        for action in parser._actions
        if action.help != argparse.SUPPRESS
        for flag in action.option_strings
        if flag.startswith("--") and flag != "--help"
    }


def documented() -> set[tuple[str, str]]:
    """Return verbs and their flags as the page and those that it refers to have them."""
    found = set()
    verbs: set[str] = set()
    for of, flags, _ in rows_of(section("Flags")):
        if of:
            named = set(CODE.findall(of))
            verbs = set(parsers()) - named if of.startswith("all but") else named
        found |= {(verb, flag) for verb in verbs for flag in FLAG.findall(flags)}
    settings = (REFERENCE / "training.md").read_text(encoding="utf-8").split("## Settings")[1]
    for flags, *_ in rows_of(settings.split("\n## ")[0]):
        for verb in ("train", "crossval"):
            found |= {(verb, flag) for flag in FLAG.findall(flags)}
    return found


# Of `train` alone, in the table of its settings; and the form that takes a setting back.
NOT_OF_CROSSVAL = {"--seed", "--cache", "--verbosity"}
TAKEN_BACK = "--no-standardise"


@pytest.mark.parametrize("verb", parsers())
def test_every_flag_is_named_and_no_other(verb: str) -> None:
    page = {flag for name, flag in documented() if name == verb}
    if verb == "crossval":
        page -= NOT_OF_CROSSVAL
    assert page == flags_of(parsers()[verb]) - {TAKEN_BACK}


def test_flags_before_the_verb_are_named() -> None:
    for flag in flags_of(build_parser()):
        assert f"`{flag}`" in PAGE


def test_every_verb_stands_in_each_table_with_what_it_needs() -> None:
    table = [row for row in rows_of(PAGE.split("\n## ")[0]) if len(row) == 3]
    needs = {CODE.findall(verb)[0].split()[0]: what for verb, _, what in table}
    assert set(needs) == set(parsers())
    for verb in set(parsers()) & set(extras._PACKAGES):
        assert needs[verb].split(";")[0] == f"`[{EXTRA_OF.get(verb, 'train')}]`"
    fields = {name for row in rows_of(section("JSON fields")) for name in CODE.findall(row[0])}
    assert fields == set(parsers()) - {"serve"}


def fields_of(verb: str) -> set[str]:
    """Return the JSON fields of a verb, without those of their parts."""
    (row,) = (row for row in rows_of(section("JSON fields")) if verb in CODE.findall(row[0]))
    return set(CODE.findall(re.sub(r"\([^()]*\)", "", row[1])))


@pytest.mark.parametrize(
    ("arguments", "left_out"),
    [
        (["classify", str(CLIP)], set()),
        (["listen", "--input", str(CLIP), "--fast"], {"--record", "wav"}),
        (["info", "--layers", "--boards"], set()),
        (["export", "--format", "c", "--out", "exported"], set()),
        (["validate", "--audio", "one"], set()),
        (["bench", "--target", "host"], None),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_fields_are_those_that_are_printed(
    arguments: list[str],
    left_out: set[str] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one").mkdir()
    (Path("one") / CLIP.name).write_bytes(CLIP.read_bytes())
    assert main([*arguments, "--json"]) == 0
    printed = set(json.loads(capfd.readouterr().out.splitlines()[0]))
    fields = fields_of(arguments[0])
    if left_out is None:
        # Those of an emulated core are others.
        assert printed <= fields
    else:
        assert printed == fields - left_out


def test_fields_of_signed_updates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("cryptography", reason="not installed: cryptography")
    monkeypatch.chdir(tmp_path)
    for line in (
        "keygen --out key.pem",
        "public-key --key key.pem --out key.h",
        "sign --key key.pem --version 1 --out update.lsu",
        "verify update.lsu --key key.pem",
    ):
        verb, *arguments = line.split()
        assert main([verb, *arguments, "--json"]) == 0
        assert set(json.loads(capsys.readouterr().out)) == fields_of(verb)
