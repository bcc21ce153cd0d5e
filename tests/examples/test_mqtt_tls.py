"""The example for MQTT by TLS: certificates by openssl, a broker that knows its users."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.examples.example_runs import TIMEOUT_S, run_example
from tests.examples.test_mqtt_publisher import Subscriber, answers, free_ports, wait_until

PASSWORD = "a b\u00e9"
EVENT = {"event": "utterance", "label": "anger"}


def tool(name: str) -> str:
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"not installed: {name}")
    return found


def run(*command: object) -> None:
    subprocess.run(list(map(str, command)), check=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S)


@dataclass(frozen=True)
class Authority:
    """Who signs the broker's certificate."""

    certificate: Path
    key: Path


def made_authority(folder: Path) -> Authority:
    folder.mkdir()
    made = Authority(folder / "ca.pem", folder / "ca.key")
    run(
        *(tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-days", 2, "-subj", "/CN=authority", "-out", made.certificate),
        *("-keyout", made.key),
    )
    return made


def signed(authority: Authority, folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for a name, and its key."""
    request, key, certificate = (folder / f"broker.{kind}" for kind in ("csr", "key", "pem"))
    extensions = folder / "extensions"
    extensions.write_text(f"subjectAltName={name}\n")
    run(
        *(tool("openssl"), "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-subj", "/CN=broker", "-out", request, "-keyout", key),
    )
    run(
        *(tool("openssl"), "x509", "-req", "-in", request, "-CA", authority.certificate),
        *("-CAkey", authority.key, "-CAcreateserial", "-days", 2, "-extfile", extensions),
        *("-out", certificate),
    )
    return certificate, key


@contextmanager
def broker(folder: Path, authority: Authority, name: str) -> Iterator[tuple[int, int]]:
    """A Mosquitto by TLS for the user `hall`, and its port for everybody without."""
    secure, plain = free_ports(2)
    certificate, key = signed(authority, folder, name)
    passwords = folder / "passwords"
    run(tool("mosquitto_passwd"), "-b", "-c", passwords, "hall", PASSWORD)
    (folder / "mosquitto.conf").write_text(
        # As root it would take on another user, who may not read the key.
        f"user {getpass.getuser()}\npersistence false\nper_listener_settings true\n"
        f"listener {plain} 127.0.0.1\nallow_anonymous true\n"
        f"listener {secure} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
        f"certfile {certificate}\nkeyfile {key}\n"
    )
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [tool("mosquitto"), "-c", folder / "mosquitto.conf"], stdout=log, stderr=log
        )
    try:
        wait_until(lambda: answers(plain) or process.poll() is not None, "Mosquitto")
        assert process.poll() is None, (folder / "log").read_text()
        yield secure, plain
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    pytest.importorskip("paho.mqtt.client", reason="not installed: paho-mqtt")
    return made_authority(tmp_path / "authority")


def publish(port: int, ca: Path, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
    done: Any = run_example(
        *("mqtt_publish.py", "--host", "127.0.0.1", "--port", port, "--ca", ca, "--user", "hall"),
        input=json.dumps(EVENT) + "\n",
        env={**os.environ, "MQTT_PASSWORD": password},
    )
    return done


def test_events_arrive_by_tls(tmp_path: Path, authority: Authority) -> None:
    with broker(tmp_path, authority, "IP:127.0.0.1") as (secure, plain):
        subscriber = Subscriber(plain)
        try:
            done = publish(secure, authority.certificate)
            assert done.returncode == 0, done.stderr
            received = dict(subscriber.next() for _ in range(4))
        finally:
            subscriber.close()
        assert json.loads(received["lightsernet/utterance"]) == EVENT
        # The broker asks by TLS who it is.
        done = publish(secure, authority.certificate, "another")
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert "authori" in line.lower()


@pytest.mark.parametrize(
    ("name", "signs"), [("IP:127.0.0.1", "another"), ("DNS:elsewhere.test", "authority")]
)
def test_a_certificate_that_is_not_the_brokers(
    tmp_path: Path, authority: Authority, name: str, signs: str
) -> None:
    ca = authority if signs == "authority" else made_authority(tmp_path / signs)
    with broker(tmp_path, authority, name) as (secure, _):
        done = publish(secure, ca.certificate)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"mqtt_publish.py: 127.0.0.1:{secure}: ")
    assert "certificate verify failed" in line


def test_what_is_no_authority(tmp_path: Path, authority: Authority) -> None:
    (tmp_path / "ca.pem").write_text("no certificate\n")
    for ca in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        done = publish(1, ca)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"mqtt_publish.py: --ca {ca}: cannot be used")
        assert "None" not in line
