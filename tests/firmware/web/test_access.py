"""The exported page for a keyboard, a screen reader, a phone, and eyes of all kinds."""

from __future__ import annotations

import pytest

from lightsernet_edge.audio.wav import wav_bytes
from tests.chromium import Chromium
from tests.edge.spoken_clips import RATE, speech
from tests.firmware.web.conftest import HEARD, READY, choose, wait_until
from tests.firmware.web.web_server import WebServer

CONTROLS = "a[href], button:enabled, input:enabled, [tabindex='0']"
# WCAG 2.1, 1.4.3: of text against what lies behind it.
LEAST_CONTRAST = 4.5
CONTRASTS = """(() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    throw new Error("nothing behind");
  };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    const parts = [...e.childNodes].filter((n) => n.nodeType === 3);
    const text = parts.map((n) => n.textContent.trim()).join("");
    if (!text || !e.getClientRects().length || e.closest("button:disabled")) continue;
    const [a, b] = [luminance(rgba(getComputedStyle(e).color)), luminance(behind(e))];
    found.push([text, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]);
  }
  return found;
})()"""
FOCUSED = """(() => {
  const e = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(e.closest(".drop") ?? e);
  return [[...document.querySelectorAll(CONTROLS)].indexOf(e), outlineStyle, outlineWidth];
})()""".replace("CONTROLS", f'"{CONTROLS}"')


@pytest.fixture(scope="module")
def heard(
    one_browser: Chromium, server: WebServer, tmp_path_factory: pytest.TempPathFactory
) -> Chromium:
    """The page after a recording, when all that there is is shown."""
    one_browser.open(server.address)
    wait_until(one_browser, READY)
    path = tmp_path_factory.mktemp("spoken") / "spoken.wav"
    path.write_bytes(wav_bytes(speech(), RATE))
    choose(one_browser, path)
    wait_until(one_browser, HEARD)
    return one_browser


def press(page: Chromium, key: str, code: int, text: str = "") -> None:
    for kind in ("keyDown", "keyUp"):
        page.ask(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            code=key if text == "" else "Space",
            windowsVirtualKeyCode=code,
            text=text if kind == "keyDown" else "",
        )


def test_the_keyboard_reaches_everything(heard: Chromium) -> None:
    expected = heard.evaluate(f'document.querySelectorAll("{CONTROLS}").length')
    heard.evaluate("document.activeElement.blur()")
    order = []
    for _ in range(expected):
        press(heard, "Tab", 9)
        index, style, width = heard.evaluate(FOCUSED)
        # What has the focus is seen to have it.
        assert style != "none", index
        assert float(width.removesuffix("px")) >= 1
        order.append(index)
    # In the order of the page.
    assert order == list(range(expected))
    assert expected >= 7


def test_everything_has_a_name(heard: Chromium) -> None:
    nodes = heard.ask("Accessibility.getFullAXTree")["nodes"]
    roles: dict[str, list[str]] = {}
    for node in nodes:
        if not node["ignored"]:
            name = node.get("name", {}).get("value", "")
            roles.setdefault(node["role"]["value"], []).append(name)
    for role in ("button", "link", "region", "heading", "table", "columnheader", "Canvas", "image"):
        assert all(name.strip() for name in roles.get(role, [])), (role, roles[role])
    assert {"Listen to the microphone", "Save as JSON lines", "Clear"} <= set(roles["button"])
    # The file's input is a button too, by the name of its label.
    assert any("Choose a recording" in name for name in roles["button"])
    assert [name for name in roles["heading"] if "uncertain" in name]
    assert {"From", "To", "Emotion", "Confidence"} <= set(roles["columnheader"])
    # What is heard is said.
    live = heard.evaluate("document.querySelector('[aria-live=polite]').textContent")
    assert live.startswith("spoken.wav: 7 utterances: anger, ")
    assert heard.evaluate("document.querySelector('[role=alert]') !== null")
    assert heard.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(scheme: str, heard: Chromium) -> None:
    heard.prefer(scheme)
    found = heard.evaluate(CONTRASTS)
    assert len(found) > 60
    assert [pair for pair in found if pair[1] < LEAST_CONTRAST] == []


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_it_fits_the_width(width: int, heard: Chromium) -> None:
    heard.ask(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=844,
        deviceScaleFactor=2,
        mobile=width < 700,
    )
    try:
        assert heard.evaluate("innerWidth") == width
        beyond = heard.evaluate(
            "[...document.querySelectorAll('body *')].filter((e) => !e.closest('.table, .skip') &&"
            "e.getBoundingClientRect().right > innerWidth + 0.5).map((e) => e.outerHTML)"
        )
        assert beyond == []
        assert heard.evaluate("document.documentElement.scrollWidth") <= width
        # What a finger presses.
        small = heard.evaluate(
            "[...document.querySelectorAll('button, .drop')].filter((e) => "
            "e.getBoundingClientRect().height < 36).map((e) => e.outerHTML)"
        )
        assert small == []
    finally:
        heard.ask("Emulation.clearDeviceMetricsOverride")


def test_a_key_presses_a_button(heard: Chromium) -> None:
    heard.evaluate("document.getElementById('clear').focus()")
    press(heard, " ", 32, " ")
    assert heard.evaluate("document.querySelectorAll('#events .empty').length") == 1
    assert heard.complaints == []
