"""The exported page, a server for it, and a browser that opens it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lightsernet_edge.cli import main
from tests.chromium import Chromium
from tests.firefox import Firefox
from tests.firmware.web.web_server import WebServer

READY = "document.getElementById('state').textContent.startsWith('Ready')"
HEARD = "document.getElementById('state').textContent.startsWith('Heard')"
_PATIENCE_S = 60.0

Browser = Callable[..., Chromium]


def wait_until(page: Chromium | Firefox, expression: str) -> None:
    """Wait until an expression of the page is true."""
    until = time.monotonic() + _PATIENCE_S
    while not page.evaluate(expression):
        assert time.monotonic() < until, f"never true: {expression}"
        time.sleep(0.05)


def choose(page: Chromium, path: Path) -> None:
    """Choose a file, as its dialogue does."""
    root = page.ask("DOM.getDocument")["root"]["nodeId"]
    node = page.ask("DOM.querySelector", nodeId=root, selector="#file")["nodeId"]
    page.ask("DOM.setFileInputFiles", nodeId=node, files=[str(path)])


def saved_events(page: Chromium | Firefox, folder: Path) -> list[dict[str, Any]]:
    """Save the events, into an empty folder, and return them."""
    if isinstance(page, Chromium):
        page.ask("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    page.evaluate("document.getElementById('save').click()")
    path = folder / "events.jsonl"
    until = time.monotonic() + _PATIENCE_S
    while not (path.exists() and path.read_text().endswith("\n")):
        assert time.monotonic() < until, "nothing was saved"
        time.sleep(0.05)
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for tool, package in (("clang", "clang"), ("wasm-ld", "lld")):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool}: Debian's package {package} is not installed")
    folder = tmp_path_factory.mktemp("web") / "page"
    assert main(["export", "--format", "web", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def server(exported: Path) -> Iterator[WebServer]:
    with WebServer(exported) as running:
        yield running


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Start a browser with more flags."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("no browser: Debian's package chromium is not installed")
    with ExitStack() as opened:

        def start(*flags: str) -> Chromium:
            profile = tmp_path_factory.mktemp("browser") / "profile"
            profile.mkdir()
            return opened.enter_context(Chromium(executable, profile, (1200, 900), *flags))

        yield start


@pytest.fixture(scope="module")
def one_browser(browser: Browser) -> Chromium:
    return browser()


@pytest.fixture
def page(one_browser: Chromium, server: WebServer) -> Iterator[Chromium]:
    """The page, opened and ready; nothing may complain, or ask anybody else."""
    one_browser.complaints.clear()
    one_browser.requests.clear()
    one_browser.open(server.address)
    wait_until(one_browser, READY)
    yield one_browser
    assert one_browser.complaints == []
    assert [
        address
        for address in one_browser.requests
        if not address.startswith((server.address, f"blob:{server.address}"))
    ] == []
