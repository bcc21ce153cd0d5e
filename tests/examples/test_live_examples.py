"""The examples for live audio: the assistant, MQTT with a real broker, the unit for systemd."""

from __future__ import annotations

import getpass
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
CLIPS = EXAMPLES / "clips"
ANGER, SADNESS = CLIPS / "anger_03a02Wc.wav", CLIPS / "sadness_15a02Ta.wav"
TIMEOUT_S = 60


def run_example(name: str, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, EXAMPLES / name, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
        **options,
    )


def heard(clip: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "lightsernet_edge", "listen", "--input", clip, "--fast", "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT_S,
    )
    return done.stdout


def test_assistant_changes_its_reply() -> None:
    replies = {}
    for clip in (ANGER, SADNESS):
        done = run_example("voice_assistant.py", clip)
        assert done.returncode == 0, done.stderr
        (line,) = done.stdout.splitlines()
        replies[clip] = line.partition("] ")[2]
        assert clip.name.partition("_")[0] in line
    assert "sorry" in replies[ANGER]
    assert "Take your time" in replies[SADNESS]


def test_assistant_without_its_recording() -> None:
    done = run_example("voice_assistant.py", "missing.wav")
    assert done.returncode == 2
    assert done.stderr == "voice_assistant.py: missing.wav: no such file, expected a recording\n"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    """The port of a Mosquitto of this test's own."""
    pytest.importorskip("paho.mqtt.client", reason="not installed: paho-mqtt")
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
    mosquitto = shutil.which("mosquitto", path=path)
    if mosquitto is None:
        pytest.skip("not installed: mosquitto")
    port = free_port()
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    configuration = tmp_path / "mosquitto.conf"
    configuration.write_text(
        # As root it would take on another user, who may not read the passwords.
        f"user {getpass.getuser()}\npersistence false\nper_listener_settings true\n"
        f"listener {port} 127.0.0.1\nallow_anonymous true\n"
        # One that knows its users, beside the one that does not.
        f"listener {port + 1} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\n"
    )
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([mosquitto, "-c", configuration], stdout=log, stderr=log)
    try:
        wait_until(lambda: answers(port) or process.poll() is not None, "Mosquitto")
        assert process.poll() is None, (tmp_path / "log").read_text()
        yield port
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def wait_until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < end, f"waited for {what}"
        time.sleep(0.05)


class Subscriber:
    """Another client of the broker, which hears everything."""

    def __init__(self, port: int) -> None:
        import paho.mqtt.client as mqtt

        self.messages: queue.Queue[tuple[str, str]] = queue.Queue()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _client, _data, message: self.messages.put(
            (message.topic, message.payload.decode())
        )
        self._client.connect("127.0.0.1", port)
        self._client.subscribe("#", qos=1)
        self._client.loop_start()

    def next(self) -> tuple[str, str]:
        return self.messages.get(timeout=TIMEOUT_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def test_events_arrive_at_the_broker(broker: int) -> None:
    events = heard(ANGER) + heard(SADNESS)
    subscriber = Subscriber(broker)
    try:
        done = run_example(
            *("mqtt_publish.py", "--port", broker, "--host", "127.0.0.1", "--topic", "home/hall"),
            input=events,
        )
        assert done.returncode == 0, done.stderr
        received = [subscriber.next() for _ in range(5)]
    finally:
        subscriber.close()
    by_topic: dict[str, list[str]] = {}
    for topic, payload in received:
        by_topic.setdefault(topic, []).append(payload)
    assert by_topic["home/hall/status"] == ["online", "offline"]
    published = [json.loads(payload) for payload in by_topic["home/hall/utterance"]]
    assert published == [json.loads(line) for line in events.splitlines()]
    (configuration,) = map(json.loads, by_topic["homeassistant/sensor/lightsernet/config"])
    assert configuration["state_topic"] == "home/hall/utterance"
    assert configuration["availability_topic"] == "home/hall/status"
    assert configuration["unique_id"] == "lightsernet"


def test_broker_says_offline_when_the_publisher_vanishes(broker: int) -> None:
    subscriber = Subscriber(broker)
    process = subprocess.Popen(
        [
            sys.executable,
            EXAMPLES / "mqtt_publish.py",
            "--port",
            str(broker),
            "--host",
            "127.0.0.1",
        ],
        stdin=subprocess.PIPE,
    )
    try:
        while subscriber.next() != ("lightsernet/status", "online"):
            pass
        process.kill()
        assert subscriber.next() == ("lightsernet/status", "offline")
    finally:
        process.kill()
        process.communicate()
        subscriber.close()


def test_no_broker() -> None:
    pytest.importorskip("paho.mqtt.client", reason="not installed: paho-mqtt")
    done = run_example("mqtt_publish.py", "--port", free_port(), "--host", "127.0.0.1", input="")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("mqtt_publish.py: 127.0.0.1:")


def test_broker_that_wants_a_password(broker: int) -> None:
    done = run_example("mqtt_publish.py", "--port", broker + 1, "--host", "127.0.0.1", input="")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "authori" in line.lower()


def test_line_that_is_no_event(broker: int) -> None:
    done = run_example(
        "mqtt_publish.py", "--port", broker, "--host", "127.0.0.1", input="anger 90 %\n"
    )
    assert done.returncode == 2
    assert "anger 90 %" in done.stderr


def test_unit_is_valid() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("not installed: systemd-analyze")
    unit = EXAMPLES / "lightsernet-listen.service"
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


def test_unit_runs_what_is_there() -> None:
    unit = (EXAMPLES / "lightsernet-listen.service").read_text()
    (line,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    for word in ("lightsernet-edge listen", "--json", "mqtt_publish.py", "pipefail"):
        assert word in line
