"""Publish emotions to an MQTT broker, as a home automation listens to them.

Reads the lines of `lightsernet-edge listen --json` on stdin, so that microphone,
model and profile are chosen there. Each utterance becomes a JSON message on
TOPIC/utterance. Home Assistant finds the sensor by itself: its discovery message
goes to homeassistant/sensor/ID/config. Needs paho-mqtt 2 or later.

A broker that is not there yet is tried for --patience seconds. Events wait for one that
went away, up to MAX_WAITING; status 1 says that some were lost.

Usage: python mqtt_publish.py --host BROKER < events
   or: lightsernet-edge listen --json | python mqtt_publish.py --host BROKER
"""

import argparse
import contextlib
import json
import os
import queue
import ssl
import sys
import threading
import time
from typing import Any

try:
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion
except ImportError:
    sys.exit("mqtt_publish.py: needs paho-mqtt 2 or later: pip install 'paho-mqtt>=2'")

TIMEOUT_S = 10
# While the broker is away; then the newest are dropped.
MAX_WAITING = 1000


def discovery(topic: str, identity: str) -> dict[str, Any]:
    """Return the message that makes Home Assistant show a sensor."""
    return {
        "name": "Emotion",
        "unique_id": identity,
        "icon": "mdi:emoticon-outline",
        "state_topic": f"{topic}/utterance",
        "value_template": "{{ value_json.label }}",
        "json_attributes_topic": f"{topic}/utterance",
        "availability_topic": f"{topic}/status",
        "device": {"identifiers": [identity], "name": "LightSERNet", "model": "lightsernet-edge"},
    }


class Outbox:
    """Publishes, and counts what the broker has not confirmed yet."""

    def __init__(self, client: mqtt.Client) -> None:
        self._client = client
        self._changed = threading.Condition()
        self.waiting = 0
        client.on_publish = self._on_publish

    def put(self, topic: str, message: str, retain: bool = False) -> None:
        """Publish once the broker is there; it is told again until it confirms."""
        with self._changed:
            self.waiting += 1
        self._client.publish(topic, message, qos=1, retain=retain)

    def _on_publish(self, *_: Any) -> None:
        with self._changed:
            self.waiting -= 1
            self._changed.notify()

    def wait_until_empty(self) -> bool:
        """Return whether the broker has confirmed everything in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self.waiting == 0, TIMEOUT_S)

    def wait_for_room(self) -> bool:
        """A broker that is there is given time; one that is away is not."""
        timeout_s = TIMEOUT_S if self._client.is_connected() else 0
        with self._changed:
            return self._changed.wait_for(lambda: self.waiting < MAX_WAITING, timeout_s)


def main() -> int:
    parser = argparse.ArgumentParser(description="Publish the lines of listen --json.")
    parser.add_argument("--host", default="localhost", help="the broker (default: localhost)")
    parser.add_argument("--port", type=int, help="(default: 1883, with TLS 8883)")
    parser.add_argument(
        "--tls", action="store_true", help="encrypt, and check the broker's certificate"
    )
    parser.add_argument("--ca", help="file of the authority that it must be from; implies --tls")
    parser.add_argument("--topic", default="lightsernet", help="topics begin with it")
    parser.add_argument("--id", default="lightsernet", help="distinguishes several microphones")
    parser.add_argument("--user", help="its password is taken from $MQTT_PASSWORD")
    parser.add_argument(
        "--patience", type=float, default=60, help="seconds for the first connection (default: 60)"
    )
    arguments = parser.parse_args()
    uses_tls = arguments.tls or arguments.ca is not None
    arguments.port = arguments.port or (8883 if uses_tls else 1883)
    topic = arguments.topic.rstrip("/")

    def say(text: str) -> None:
        print(f"mqtt_publish.py: {arguments.host}:{arguments.port}: {text}", file=sys.stderr)

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=arguments.id)
    outbox = Outbox(client)
    if uses_tls:
        try:
            client.tls_set(ca_certs=arguments.ca)
        except OSError as error:
            sys.exit(f"mqtt_publish.py: --ca {arguments.ca}: cannot be used ({error.strerror})")
    if arguments.user:
        client.username_pw_set(arguments.user, os.environ.get("MQTT_PASSWORD"))
    # The broker says it for us if we vanish.
    client.will_set(f"{topic}/status", "offline", qos=1, retain=True)
    client.reconnect_delay_set(max_delay=TIMEOUT_S // 2)
    answer: queue.Queue[str] = queue.Queue()

    def on_connect(
        _client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        # After every connection: a broker that was restarted may have forgotten all.
        if not reason.is_failure:
            message = json.dumps(discovery(topic, arguments.id))
            outbox.put(f"homeassistant/sensor/{arguments.id}/config", message, retain=True)
            outbox.put(f"{topic}/status", "online", retain=True)
        answer.put(str(reason) if reason.is_failure else "")

    client.on_connect = on_connect
    try:
        connect(client, arguments, say)
        client.loop_start()
        refused = answer.get(timeout=TIMEOUT_S)
    except (OSError, ValueError, queue.Empty) as error:
        refused = str(error) or "no answer"
    except KeyboardInterrupt:
        refused = "interrupted before it was connected"
    if refused:
        say(refused)
        return 1
    status = publish_lines(outbox, topic, say)
    outbox.put(f"{topic}/status", "offline", retain=True)
    if not outbox.wait_until_empty():
        say(f"{outbox.waiting} messages were not confirmed by the broker")
        status = status or 1
    client.disconnect()
    client.loop_stop()
    return status


def connect(client: mqtt.Client, arguments: argparse.Namespace, say: Any) -> None:
    """Connect; at boot the network, or the broker, may come later than we do."""
    end = time.monotonic() + arguments.patience
    said = False
    while True:
        try:
            client.connect(arguments.host, arguments.port, keepalive=30)
            return
        except ssl.SSLCertVerificationError:
            # Waiting gives it no other.
            raise
        except OSError as error:
            if time.monotonic() >= end:
                raise
            if not said:
                say(f"{error}; trying for {arguments.patience:g} s")
            said = True
            time.sleep(1)


def publish_lines(outbox: Outbox, topic: str, say: Any) -> int:
    """Publish each event of stdin; its own kind of event is a topic of its own."""
    dropped = 0
    with contextlib.suppress(KeyboardInterrupt):
        for line in sys.stdin:
            try:
                event = json.loads(line)
                kind, message = event["event"], json.dumps(event)
                if not kind.isalpha():
                    raise ValueError
            except (ValueError, KeyError, TypeError, AttributeError):
                print(f"mqtt_publish.py: not a line of listen --json: {line!r}", file=sys.stderr)
                return 2
            if outbox.wait_for_room():
                outbox.put(f"{topic}/{kind}", message)
                continue
            if not dropped:
                say(f"{MAX_WAITING} events wait for the broker: new ones are dropped")
            dropped += 1
    if dropped:
        say(f"{dropped} events were dropped")
    return 1 if dropped else 0


if __name__ == "__main__":
    sys.exit(main())
