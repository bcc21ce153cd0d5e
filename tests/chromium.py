"""A page in Chromium, spoken to over a pipe in the DevTools protocol."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run", "--no-default-browser-check", "--mute-audio", "--disable-dev-shm-usage",
    "--disable-extensions", "--hide-scrollbars", "--force-color-profile=srgb",
)  # fmt: skip
_PATIENCE_S = 120.0


class Chromium:
    """A browser with one page.

    Parameters
    ----------
    executable : str
    profile : Path
        An empty folder for what it keeps.
    size : tuple of int
        Of the window, in pixels.
    flags : str
        More of its flags.
    desktop : dict of str to str, optional
        The environment of the desktop that it shows itself on; headless without.

    Attributes
    ----------
    complaints : list of str
        Errors and warnings of the console, uncaught exceptions, failed requests.
    requests : list of str
        Addresses that the page asked for.
    """

    def __init__(
        self,
        executable: str,
        profile: Path,
        size: tuple[int, int],
        *flags: str,
        desktop: dict[str, str] | None = None,
    ) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._events: list[dict[str, Any]] = []
        self._rest = b""
        self._number = 0
        self._session: str | None = None
        # The browser reads commands from descriptor 3 and answers on 4.
        read_3, self._to = os.pipe()
        self._from, write_4 = os.pipe()
        # Shell: descriptors can be given those very numbers without a hook between
        # fork and exec.
        start = f'exec "$0" "$@" 3<&{read_3} 4>&{write_4}'
        where = ["--headless"] if desktop is None else []
        self._process = subprocess.Popen(
            [
                "/bin/bash", "-c", start, executable, *_FLAGS, *where, *flags,
                f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}", "about:blank",
            ],
            pass_fds=(read_3, write_4),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(profile.parent / "chromium.log").open("wb"),
            env={**os.environ, **(desktop or {}), "HOME": str(profile)},
        )  # fmt: skip
        os.close(read_3)
        os.close(write_4)

    def __enter__(self) -> Chromium:
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session = None
        with contextlib.suppress(OSError, AssertionError):
            self.ask("Browser.close")
        os.close(self._to)
        os.close(self._from)
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def open(self, page: Path | str) -> None:
        """Open a file, or an address, and wait until it is loaded."""
        address = page if isinstance(page, str) else page.resolve().as_uri()
        self._events.clear()
        self.ask("Page.setLifecycleEventsEnabled", enabled=True)
        loader = self.ask("Page.navigate", url=address)["loaderId"]
        for message in self._messages():
            event = message.get("params", {})
            # Of this page: the blank one before it may still be about to say the same.
            if message.get("method") == "Page.lifecycleEvent" and (
                (event["name"], event["loaderId"]) == ("load", loader)
            ):
                return

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, awaited, as if a user had asked for it."""
        answer = self.ask(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Click in the middle of an element with the mouse."""
        x, y = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const r = e.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2] })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def prefer(self, scheme: str) -> None:
        """Ask pages for ``light`` or ``dark``."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.ask("Emulation.setEmulatedMedia", features=[feature])

    def picture(self) -> bytes:
        """Return a PNG of the whole page."""
        shot = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        for answer in self._messages(fresh=True):
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result
        raise AssertionError(f"{method}: no answer")

    def _messages(self, fresh: bool = False) -> Iterator[dict[str, Any]]:
        while not fresh and self._events:
            yield self._events.pop(0)
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            ready, _, _ = select.select([self._from], [], [], 1.0)
            if not ready:
                assert self._process.poll() is None, "the browser ended"
                continue
            block = os.read(self._from, 1 << 20)
            assert block, "the browser closed its pipe"
            *whole, self._rest = (self._rest + block).split(b"\0")
            messages = [json.loads(text) for text in whole]
            for message in messages:
                self._note(message)
            for place, message in enumerate(messages):
                if "id" in message or not fresh:
                    self._events.extend(m for m in messages[place + 1 :] if "method" in m)
                    yield message
                else:
                    self._events.append(message)
        raise AssertionError("the browser does not answer")

    def _note(self, message: dict[str, Any]) -> None:
        parameters = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(str(parameters["exceptionDetails"]))
            case "Runtime.consoleAPICalled":
                self.complaints.append(str(parameters["args"]))
            case "Log.entryAdded":
                self.complaints.append(parameters["entry"]["text"])
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
