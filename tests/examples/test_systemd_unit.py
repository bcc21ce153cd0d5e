"""The example's unit for systemd: valid, and its command is what it says."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.example_runs import EXAMPLES, TIMEOUT_S

UNIT = EXAMPLES / "lightsernet-listen.service"


def test_unit_is_valid() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("not installed: systemd-analyze")
    unit = UNIT
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert complaints == []
    assert done.returncode == 0, done.stderr


def test_unit_is_not_exposed() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("not installed: systemd-analyze")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=39", UNIT],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    if "unrecognized option" in done.stderr:
        pytest.skip("older than its --offline: systemd-analyze")
    # Its threshold is ten times the exposure.
    assert done.returncode == 0, done.stdout
    # Without it, no device but /dev/null and the like.
    assert re.search(r"^DeviceAllow=char-alsa rw$", UNIT.read_text(), re.MULTILINE)


def words_of_the_unit(root: Path) -> tuple[list[str], dict[str, str]]:
    """The command that systemd runs, with what is installed in `root`; its environment."""
    unit = UNIT.read_text()
    (line,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    environment = dict(
        item.split("=", 1)
        for items in re.findall(r"^Environment=(.*)$", unit, re.MULTILINE)
        for item in shlex.split(items)
    )
    # Of systemd's own escapes, only that of the dollar is undone below.
    assert "%" not in line
    assert "\\" not in line

    def value(found: re.Match[str]) -> str:
        return "$" if found[0] == "$$" else environment.get(found[1], "")

    words = [
        re.sub(r"\$\$|\$\{([^}]*)\}", value, word).replace("/opt/lightsernet", str(root))
        for word in shlex.split(line)
    ]
    # A word of its own would be split up by systemd.
    assert not any(word.startswith("$") for word in words)
    return words, environment


@pytest.mark.parametrize(
    ("chosen", "passed"),
    [
        ({}, []),
        ({"MQTT_USER": ""}, []),
        ({"MQTT_USER": "hall sensor", "MQTT_PASSWORD": "a b"}, ["--user", "hall sensor"]),
        ({"MQTT_TLS": "1", "MQTT_CA": "/etc/my ca.pem"}, ["--tls", "--ca", "/etc/my ca.pem"]),
        ({"DEVICE": "USB Audio", "BROKER": "10.0.0.2"}, []),
    ],
)
def test_what_the_unit_runs(tmp_path: Path, chosen: dict[str, str], passed: list[str]) -> None:
    binaries = tmp_path / "venv" / "bin"
    binaries.mkdir(parents=True)
    note = (
        "import json, os, sys; open(sys.argv[0] + '.json', 'w').write(json.dumps("
        "[sys.argv[1:], os.environ.get('MQTT_PASSWORD'), sys.stdin.read()]))"
    )
    for name in ("lightsernet-edge", "python"):
        (binaries / name).write_text(f"#!{sys.executable}\n{note}\nprint('an event')\n")
        (binaries / name).chmod(0o755)
    words, environment = words_of_the_unit(tmp_path)
    environment |= chosen
    subprocess.run(
        words,
        env={"PATH": os.environ["PATH"], **environment},
        stdin=subprocess.DEVNULL,
        check=True,
        timeout=TIMEOUT_S,
    )
    heard = json.loads((binaries / "lightsernet-edge.json").read_text())
    # Who reads the microphone knows no password.
    assert heard[:2] == [["listen", "--device", environment["DEVICE"], "--json"], None]
    published = json.loads((binaries / "python.json").read_text())
    script = str(tmp_path / "mqtt_publish.py")
    assert published[0] == [script, "--host", environment["BROKER"], *passed]
    assert published[1:] == [chosen.get("MQTT_PASSWORD"), "an event\n"]


def test_unit_fails_with_its_first_command(tmp_path: Path) -> None:
    binaries = tmp_path / "venv" / "bin"
    binaries.mkdir(parents=True)
    for name, status in (("lightsernet-edge", 1), ("python", 0)):
        (binaries / name).write_text(f"#!/bin/sh\nexit {status}\n")
        (binaries / name).chmod(0o755)
    words, environment = words_of_the_unit(tmp_path)
    done = subprocess.run(words, env=environment, check=False, timeout=TIMEOUT_S)
    assert done.returncode == 1
