"""The exported page as Orca says it, in Chromium, by keyboard alone."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lightsernet_edge.audio.wav import wav_bytes
from tests.chromium import Chromium
from tests.edge.spoken_clips import RATE, speech
from tests.firmware.web.conftest import HEARD, READY, choose, wait_until
from tests.firmware.web.test_page import table
from tests.firmware.web.test_page_microphone import UTTERANCES, write_concert
from tests.firmware.web.web_server import WebServer
from tests.places import CLIP_FILES
from tests.screen_reader.desktop import Desktop, missing_packages

pytestmark = pytest.mark.targets

# The controls, by what finds them, in the order of the page, and what Orca says of each.
# Of a file's input the browser adds what was chosen.
CONTROLS = {
    ".skip": "Skip to the demonstration link",
    "#listen": "Listen to the microphone push button",
    "#file": "Choose a recording or drop it anywhere.*No file chosen push button",
    "a[href='#use']": "What it is not for (visited )?link",
    "a[href='#uncertain']": "uncertain (visited )?link",
    "#save": "Save as JSON lines push button",
    "#clear": "Clear push button",
    "#table": "Utterances",
}
# Roles of AT-SPI whose objects mean nothing without a name.
NAMED = {
    "push button", "link", "heading", "table", "column header", "image", "canvas",
    "document web", "check box", "entry",
}  # fmt: skip


class Reader:
    """What Orca says of a page from now on."""

    def __init__(self, desktop: Desktop) -> None:
        self._desktop = desktop
        self._from = len(desktop.spoken())

    def said(self) -> list[str]:
        return self._desktop.spoken()[self._from :]

    def wait_for(self, *patterns: str) -> None:
        """Wait until each pattern is said, in their order."""
        whole = re.compile(".*".join(patterns), re.DOTALL)
        self._desktop.wait_for(lambda: whole.search("\n".join(self.said())) is not None)


@pytest.fixture(scope="module")
def desktop() -> Iterator[Desktop]:
    if missing := missing_packages():
        pytest.skip(f"not installed: {', '.join(missing)}")
    with Desktop() as running:
        yield running


@pytest.fixture(scope="module")
def concert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("concert") / "concert.wav"
    write_concert(path, CLIP_FILES)
    return path


@pytest.fixture(scope="module")
def page(
    desktop: Desktop, concert: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chromium]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("no browser: Debian's package chromium is not installed")
    profile = tmp_path_factory.mktemp("browser") / "profile"
    profile.mkdir()
    with Chromium(
        executable,
        profile,
        (1200, 900),
        "--force-renderer-accessibility",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={concert}%noloop",
        desktop=desktop.environment,
    ) as opened:
        yield opened
        assert opened.complaints == []


@pytest.fixture
def reader(page: Chromium, server: WebServer, desktop: Desktop) -> Reader:
    """The page, anew, with Orca having said what is on it."""
    page.open("about:blank")
    reader = Reader(desktop)
    page.open(server.address)
    wait_until(page, READY)
    reader.wait_for("Finished loading The emotion in a voice")
    return Reader(desktop)


def go_to(page: Chromium, desktop: Desktop, selector: str) -> None:
    """Press the key that goes from control to control until a control has the focus."""
    focused = f"document.hasFocus() && document.activeElement.matches({selector!r})"
    for _ in range(40):
        desktop.press("Tab")
        if page.evaluate(focused):
            return
    raise AssertionError(f"{selector}: not reached")


def hear_where(desktop: Desktop, pattern: str) -> None:
    """Ask Orca where it is: what it is slow to say of a focus it leaves out."""
    reader = Reader(desktop)
    desktop.press("KP_Enter")
    reader.wait_for(pattern)


def choose_again(page: Chromium, path: Path) -> None:
    page.evaluate("(document.getElementById('file').value = '', 0)")
    choose(page, path)


def test_every_control_is_said(page: Chromium, reader: Reader, desktop: Desktop) -> None:
    for selector in list(CONTROLS)[:5]:
        go_to(page, desktop, selector)
        hear_where(desktop, CONTROLS[selector])


def test_a_recording_is_told_of_by_one(
    page: Chromium, reader: Reader, desktop: Desktop, tmp_path: Path
) -> None:
    path = tmp_path / "spoken.wav"
    path.write_bytes(wav_bytes(speech(), RATE))
    go_to(page, desktop, "#file")
    hear_where(desktop, CONTROLS["#file"])
    reader = Reader(desktop)
    choose_again(page, path)
    wait_until(page, HEARD)
    labels = [row[2] for row in table(page)[1:]]
    assert len(labels) == len(CLIP_FILES)
    reader.wait_for(f"spoken.wav: {len(labels)} utterances: {', '.join(labels)}")
    # Of the bars, the label and the state that change meanwhile, nothing.
    file_input = re.compile(CONTROLS["#file"])
    assert len([text for text in reader.said() if not file_input.search(text)]) == 1
    # What was not there before can be reached and is said too.
    for selector in ("#save", "#clear", "#table"):
        go_to(page, desktop, selector)
        hear_where(desktop, CONTROLS[selector])


def test_nothing_found_is_said(
    page: Chromium, reader: Reader, desktop: Desktop, tmp_path: Path
) -> None:
    path = tmp_path / "quiet.wav"
    path.write_bytes(wav_bytes(np.zeros(RATE, np.int16), RATE))
    # The same again is said again.
    for _ in range(2):
        reader = Reader(desktop)
        choose_again(page, path)
        reader.wait_for("quiet.wav: no speech was found")


def test_errors_are_said(page: Chromium, reader: Reader, desktop: Desktop, tmp_path: Path) -> None:
    path = tmp_path / "bad.wav"
    path.write_text("no sound")
    for _ in range(2):
        reader = Reader(desktop)
        choose_again(page, path)
        reader.wait_for("bad.wav: no recording that this browser can decode")
    page.ask("Browser.setPermission", permission={"name": "microphone"}, setting="denied")
    go_to(page, desktop, "#listen")
    for _ in range(2):
        reader = Reader(desktop)
        desktop.press("space")
        reader.wait_for("The microphone was refused")
        # The button that was pressed keeps the focus.
        assert page.evaluate("document.activeElement.id") == "listen"


def test_a_microphone_s_utterances_are_said(
    page: Chromium, reader: Reader, desktop: Desktop
) -> None:
    page.ask("Browser.setPermission", permission={"name": "microphone"}, setting="granted")
    go_to(page, desktop, "#listen")
    hear_where(desktop, CONTROLS["#listen"])
    reader = Reader(desktop)
    desktop.press("space")
    wait_until(page, f"{UTTERANCES} >= {len(CLIP_FILES)}")
    labels = [row[2] for row in table(page)[1:]]
    reader.wait_for("Listening\n", *(f"{label}, .*\n" for label in labels[:-1]), labels[-1])
    assert page.evaluate("document.activeElement.id") == "listen"
    desktop.press("space")
    wait_until(page, HEARD)
    reader.wait_for(f"Stopped, {len(labels)} utterances")
    # What moves meanwhile is not a stream of chatter. Before it, the browser says a thing.
    said = reader.said()
    assert len(said[said.index("Listening") :]) == len(labels) + 2
    # The button that is gone leaves the focus in the page.
    go_to(page, desktop, "#clear")
    reader = Reader(desktop)
    desktop.press("space")
    reader.wait_for("Utterances", "Cleared")
    assert page.evaluate("document.activeElement.id") == "table"


def test_all_has_a_name_in_the_tree(page: Chromium, reader: Reader, desktop: Desktop) -> None:
    tree = desktop.tree("chromium")
    found: dict[str, list[str]] = {}

    def look(node: dict[str, Any]) -> None:
        found.setdefault(node["role"], []).append(node["name"])
        if node["role"] in NAMED or "focusable" in node["states"]:
            is_target = "id" in node["attributes"] and node["role"] in ("landmark", "section")
            assert node["name"].strip() or is_target, node
        for child in node["children"]:
            look(child)

    look(tree)
    assert tree["name"] == "The emotion in a voice"
    assert {"From", "To", "Emotion", "Confidence"} <= set(found["column header"])
    assert {"Now", "Utterances", "What “uncertain” means"} <= set(found["heading"])
    assert len(found["list item"]) == 8
