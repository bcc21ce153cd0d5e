"""Every link leads somewhere, and every page of ``docs/`` can be reached from its index."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.docs.markdown import anchors, links, pages
from tests.places import CHECKOUT, DOCS, EXAMPLES

INDEX = DOCS / "index.md"
ELSEWHERE = ("https://", "http://", "mailto:")
NAMED_IN_CONTRIBUTING = re.compile(
    r"`((?:sdk|firmware_export|tests|docs|benchmarks)/[\w/.-]*|setup\.cfg)`"
)
NAMED_IN_SOURCES = re.compile(r"docs/[\w/.-]+\.(?:md|json)\b")


def local_links(page: Path) -> list[tuple[str, Path, str]]:
    """Return each link within the repository: as written, its file, its anchor."""
    found = []
    for link in links(page):
        if not link.startswith(ELSEWHERE):
            path, _, anchor = link.partition("#")
            found.append((link, (page.parent / path).resolve() if path else page, anchor))
    return found


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link, target, anchor in local_links(page):
        assert target.is_relative_to(CHECKOUT), f"{link} leads out of the repository"
        assert target.exists(), f"{link}: no such file"
        if anchor:
            assert target.suffix == ".md", f"{link}: an anchor in a file that is no page"
            assert anchor in anchors(target), f"{link}: no such heading"


def test_every_page_can_be_reached_from_the_index() -> None:
    reached, new = {INDEX}, [INDEX]
    while new:
        for _, target, _ in local_links(new.pop()):
            if target.suffix == ".md" and target not in reached:
                reached.add(target)
                new.append(target)
    assert set(DOCS.rglob("*.md")) - reached == set()


def test_the_readme_leads_to_the_index() -> None:
    assert INDEX in [target for _, target, _ in local_links(CHECKOUT / "README.md")]


def test_the_index_lists_every_example() -> None:
    listed = {target for _, target, _ in local_links(INDEX)}
    programs = {*EXAMPLES.glob("*.py"), *EXAMPLES.glob("*/main.c"), *EXAMPLES.glob("*.service")}
    assert programs - listed == set()


def tracked_sources() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "*.py", "*.c", "*.h", "Makefile", "*.cfg"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    return [CHECKOUT / line for line in done.stdout.splitlines()]


def test_pages_that_sources_name_exist() -> None:
    sources = tracked_sources()
    if not sources:
        pytest.skip("no git checkout: which files are sources is not known")
    named = {
        (name, source.relative_to(CHECKOUT))
        for source in sources
        if source.is_file()
        for name in NAMED_IN_SOURCES.findall(source.read_text(encoding="utf-8"))
    }
    assert named
    gone = [f"{source}: {name}" for name, source in sorted(named) if not (CHECKOUT / name).exists()]
    assert gone == []


def test_what_contributing_names_exists() -> None:
    page = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = NAMED_IN_CONTRIBUTING.findall(page)
    assert len(set(named)) > 20
    assert [name for name in named if not (CHECKOUT / name).exists()] == []
