"""A page in headless Firefox, spoken to over WebDriver BiDi."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import struct
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

_PATIENCE_S = 120.0
# So that it asks nobody for anything, and lets pages hear the microphone.
_PREFERENCES = {
    "app.normandy.enabled": False,
    "app.update.enabled": False,
    "browser.download.alwaysOpenPanel": False,
    "browser.download.folderList": 2,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.update.enabled": False,
    "media.navigator.permission.disabled": True,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
}
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class Firefox:
    """A browser with one page.

    Parameters
    ----------
    executable : str
    profile : Path
        An empty folder for what it keeps.
    environment : dict of str to str
        What it gets besides this process's.

    Attributes
    ----------
    complaints : list of str
        Errors and warnings of the page's console, and exceptions.
    requests : list of str
        Addresses that the page asked for.
    downloads : Path
        The folder into which pages save.
    """

    def __init__(self, executable: str, profile: Path, environment: dict[str, str]) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._number = 0
        self.downloads = profile.parent / "downloads"
        self.downloads.mkdir()
        preferences = {**_PREFERENCES, "browser.download.dir": str(self.downloads)}
        lines = (
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in preferences.items()
        )
        (profile / "user.js").write_text("".join(lines))
        self._log = profile.parent / "firefox.log"
        self._process = subprocess.Popen(
            [
                executable, "--headless", "--no-remote", "--profile", profile,
                "--remote-debugging-port=0", "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log.open("wb"),
            env={**os.environ, **environment, "HOME": str(profile)},
        )  # fmt: skip

    def __enter__(self) -> Firefox:
        try:
            self._socket = _WebSocket(self._port(), "/session")
            self.ask("session.new", capabilities={})
            self.ask("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
            (tree,) = self.ask("browsingContext.getTree")["contexts"]
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        self._context = tree["context"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(OSError, AssertionError):
            self.ask("browser.close")
        self._socket.close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def open(self, address: str) -> None:
        """Open an address and wait until it is loaded."""
        self.ask("browsingContext.navigate", context=self._context, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, awaited, as if a user had asked for it."""
        answer = self.ask(
            "script.evaluate",
            # As text: the protocol has a form of its own for values.
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self._context},
            awaitPromise=True,
            userActivation=True,
        )
        assert answer["type"] == "success", answer["exceptionDetails"]["text"]
        text = answer["result"].get("value")
        return None if text is None else json.loads(text)

    def choose(self, selector: str, path: Path) -> None:
        """Choose a file, as its dialogue does."""
        found = self.ask(
            "browsingContext.locateNodes",
            context=self._context,
            locator={"type": "css", "value": selector},
        )
        element = {"sharedId": found["nodes"][0]["sharedId"]}
        self.ask("input.setFiles", context=self._context, element=element, files=[str(path)])

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message))
        while True:
            answer = json.loads(self._socket.receive())
            if answer.get("id") == self._number:
                assert answer["type"] == "success", (method, answer)
                result: dict[str, Any] = answer["result"]
                return result
            self._note(answer)

    def _note(self, event: dict[str, Any]) -> None:
        parameters = event.get("params", {})
        match event.get("method"):
            case "log.entryAdded" if parameters["level"] in ("error", "warn"):
                self.complaints.append(parameters["text"])
            case "network.beforeRequestSent":
                self.requests.append(parameters["request"]["url"])

    def _port(self) -> int:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            assert self._process.poll() is None, self._log.read_text(errors="replace")
            found = re.search(r"listening on ws://127\.0\.0\.1:(\d+)", self._log.read_text())
            if found:
                return int(found[1])
            time.sleep(0.05)
        raise AssertionError("the browser does not answer")


class _WebSocket:
    """The client's side of a WebSocket (RFC 6455) on this machine."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
        self._file = self._socket.makefile("rb")
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        status = self._file.readline()
        assert b" 101 " in status, status
        while self._file.readline().strip():
            pass

    def send(self, text: str) -> None:
        self._send(_TEXT, text.encode())

    def receive(self) -> str:
        """Return the next message."""
        whole = b""
        while True:
            first, second = self._file.read(2)
            length = second & 127
            if length > 125:
                width, code = (2, ">H") if length == 126 else (8, ">Q")
                (length,) = struct.unpack(code, self._file.read(width))
            payload = self._file.read(length)
            kind = first & 15
            if kind == _PING:
                self._send(_PONG, payload)
                continue
            assert kind != _CLOSE, "the browser closed its socket"
            whole += payload
            if first & 128:
                return whole.decode()

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def _send(self, kind: int, payload: bytes) -> None:
        # What a client sends is masked.
        mask = os.urandom(4)
        head = struct.pack(">BB", 128 | kind, 128 | min(len(payload), 126))
        if len(payload) > 125:
            assert len(payload) < 65536, "a longer one has another head"
            head += struct.pack(">H", len(payload))
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self._socket.sendall(head + mask + masked)
