"""The example for MQTT, with a real broker: one that is late, restarted, gone, or strict."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import queue
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.examples.example_runs import ANGER, EXAMPLES, SADNESS, TIMEOUT_S, run_example


def heard(clip: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "lightsernet_edge", "listen", "--input", clip, "--fast", "--json"],
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT_S,
    )
    return done.stdout


def test_publisher_without_its_package(tmp_path: Path) -> None:
    """As where nothing but the SDK is installed, and where paho-mqtt is of before 2."""
    for name in ("none", "old"):
        (tmp_path / name / "paho" / "mqtt").mkdir(parents=True)
        (tmp_path / name / "paho" / "__init__.py").touch()
        (tmp_path / name / "paho" / "mqtt" / "__init__.py").touch()
    (tmp_path / "old" / "paho" / "mqtt" / "client.py").write_text("class Client: pass\n")
    for name in ("none", "old"):
        done = run_example("mqtt_publish.py", env={**os.environ, "PYTHONPATH": tmp_path / name})
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith("mqtt_publish.py: needs paho-mqtt 2 or later")
        assert "pip install" in line


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        free = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in free:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in free]


class Broker:
    """A Mosquitto of this test's own, which can go away and come back."""

    def __init__(self, program: str, folder: Path) -> None:
        # The second knows its users, beside the one that does not.
        self.port, self.strict_port = free_ports(2)
        self._folder = folder
        self._configuration = folder / "mosquitto.conf"
        passwords = folder / "passwords"
        passwords.touch(mode=0o600)
        self._configuration.write_text(
            # As root it would take on another user, who may not read the passwords.
            f"user {getpass.getuser()}\npersistence false\nper_listener_settings true\n"
            f"max_queued_messages 0\nlistener {self.port} 127.0.0.1\nallow_anonymous true\n"
            f"listener {self.strict_port} 127.0.0.1\nallow_anonymous false\n"
            f"password_file {passwords}\n"
        )
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self._folder / "log").open("w") as log:
            process = subprocess.Popen(
                [self._program, "-c", self._configuration], stdout=log, stderr=log
            )
        self._process = process
        wait_until(lambda: answers(self.port) or process.poll() is not None, "Mosquitto")
        assert process.poll() is None, (self._folder / "log").read_text()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Broker]:
    """A broker that is not started yet."""
    pytest.importorskip("paho.mqtt.client", reason="not installed: paho-mqtt")
    path = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
    program = shutil.which("mosquitto", path=path)
    if program is None:
        pytest.skip("not installed: mosquitto")
    broker = Broker(program, tmp_path)
    yield broker
    broker.stop()


@pytest.fixture
def broker(mosquitto: Broker) -> int:
    """The port of one that runs."""
    mosquitto.start()
    return mosquitto.port


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


class Publisher:
    """The example, running, with a stdin of its own."""

    def __init__(self, port: int, *arguments: object) -> None:
        command = [sys.executable, EXAMPLES / "mqtt_publish.py", "--host", "127.0.0.1"]
        self.process = subprocess.Popen(
            [*command, "--port", str(port), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._lines.put(line.rstrip("\n"))

    def send(self, events: list[str]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{event}\n" for event in events))
        self.process.stdin.flush()

    def next_line(self) -> str:
        """The next line that it prints to stderr."""
        return self._lines.get(timeout=TIMEOUT_S)

    def end(self) -> tuple[int, list[str]]:
        """Close stdin; the status, and the lines on stderr that were not asked for yet."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        status = self.process.wait(TIMEOUT_S)
        self._reader.join()
        return status, list(self._lines.queue)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()


@pytest.fixture
def publish() -> Iterator[Callable[..., Publisher]]:
    """Start publishers, which end with the test."""
    started: list[Publisher] = []

    def start(*arguments: Any) -> Publisher:
        started.append(Publisher(*arguments))
        return started[-1]

    yield start
    for publisher in started:
        publisher.kill()


Publish = Callable[..., Publisher]


def some_events(count: int) -> list[str]:
    return [json.dumps({"event": "utterance", "start_s": at}) for at in range(count)]


def wait_for_status(port: int, status: str) -> None:
    """Wait until the broker says so to whoever asks."""
    subscriber = Subscriber(port)
    try:
        while subscriber.next() != ("lightsernet/status", status):
            pass
    finally:
        subscriber.close()


def test_broker_says_offline_when_the_publisher_vanishes(broker: int, publish: Publish) -> None:
    subscriber = Subscriber(broker)
    publisher = publish(broker)
    try:
        while subscriber.next() != ("lightsernet/status", "online"):
            pass
        publisher.kill()
        assert subscriber.next() == ("lightsernet/status", "offline")
    finally:
        subscriber.close()


def test_no_broker() -> None:
    pytest.importorskip("paho.mqtt.client", reason="not installed: paho-mqtt")
    done = run_example(
        *("mqtt_publish.py", "--port", free_ports(1)[0], "--host", "127.0.0.1", "--patience", 0),
        input="",
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("mqtt_publish.py: 127.0.0.1:")


def test_broker_that_starts_later(mosquitto: Broker, publish: Publish) -> None:
    publisher = publish(mosquitto.port)
    publisher.send(some_events(3))
    line = publisher.next_line()
    assert line.startswith(f"mqtt_publish.py: 127.0.0.1:{mosquitto.port}: ")
    assert "for 60 s" in line
    mosquitto.start()
    wait_for_status(mosquitto.port, "online")
    assert publisher.end() == (0, [])


def test_broker_that_is_slower_than_the_events_loses_none(broker: int, publish: Publish) -> None:
    publisher = publish(broker)
    wait_for_status(broker, "online")
    subscriber = Subscriber(broker)
    try:
        # What the broker keeps: that it is online, and its discovery.
        assert ("lightsernet/status", "online") in (subscriber.next(), subscriber.next())
        publisher.send(some_events(5000))
        assert publisher.end() == (0, [])
        arrived = [json.loads(subscriber.next()[1])["start_s"] for _ in range(5000)]
        assert subscriber.next() == ("lightsernet/status", "offline")
    finally:
        subscriber.close()
    assert arrived == list(range(5000))


def test_broker_that_is_restarted(mosquitto: Broker, publish: Publish) -> None:
    mosquitto.start()
    publisher = publish(mosquitto.port)
    wait_for_status(mosquitto.port, "online")
    mosquitto.stop()
    publisher.send(some_events(1500))
    assert "dropped" in publisher.next_line()
    mosquitto.start()
    # Also where as much waits as may: it is there again, and says so.
    wait_for_status(mosquitto.port, "online")
    status, errors = publisher.end()
    assert status == 1
    (line,) = errors
    assert re.search(r"\d+ events were dropped", line)
    wait_for_status(mosquitto.port, "offline")


@pytest.mark.parametrize("count", [3, 1500])
def test_broker_that_is_gone_at_the_end(mosquitto: Broker, publish: Publish, count: int) -> None:
    mosquitto.start()
    publisher = publish(mosquitto.port)
    wait_for_status(mosquitto.port, "online")
    mosquitto.stop()
    publisher.send(some_events(count))
    status, errors = publisher.end()
    assert status == 1
    said = re.search(r": (\d+) messages were not confirmed by the broker$", errors[-1])
    assert said
    # Its farewell is among them; "online" and the discovery too, if the broker was gone
    # before it had confirmed what it passed on.
    assert min(count, 1000) + 1 <= int(said[1]) <= min(count + 2, 1000) + 1
    assert [line for line in errors if not line.startswith("mqtt_publish.py: ")] == []


def test_broker_that_wants_a_password(mosquitto: Broker) -> None:
    mosquitto.start()
    port = mosquitto.strict_port
    done = run_example("mqtt_publish.py", "--port", port, "--host", "127.0.0.1", input="")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "authori" in line.lower()


@pytest.mark.parametrize("line", ["anger 90 %", '{"event": "#"}', '{"event": 3}', "[]"])
def test_line_that_is_no_event(broker: int, line: str) -> None:
    done = run_example(
        "mqtt_publish.py", "--port", broker, "--host", "127.0.0.1", input=f"{line}\n"
    )
    assert done.returncode == 2
    (said,) = done.stderr.splitlines()
    assert repr(f"{line}\n") in said
