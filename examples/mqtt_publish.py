"""Publish emotions to an MQTT broker, as a home automation listens to them.

Reads the lines of `lightsernet-edge listen --json` on stdin, so that microphone,
model and profile are chosen there. Each utterance becomes a JSON message on
TOPIC/utterance. Home Assistant finds the sensor by itself: its discovery message
goes to homeassistant/sensor/ID/config. Needs paho-mqtt 2 or later.

Usage: python mqtt_publish.py --host BROKER < events
   or: lightsernet-edge listen --json | python mqtt_publish.py --host BROKER
"""

import argparse
import contextlib
import json
import os
import queue
import sys
from typing import Any

import paho.mqtt.client as mqtt

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


def main() -> int:
    parser = argparse.ArgumentParser(description="Publish the lines of listen --json.")
    parser.add_argument("--host", default="localhost", help="the broker (default: localhost)")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--topic", default="lightsernet", help="topics begin with it")
    parser.add_argument("--id", default="lightsernet", help="distinguishes several microphones")
    parser.add_argument("--user", help="its password is taken from $MQTT_PASSWORD")
    arguments = parser.parse_args()
    topic = arguments.topic.rstrip("/")

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=arguments.id)
    client.max_queued_messages_set(MAX_WAITING)
    if arguments.user:
        client.username_pw_set(arguments.user, os.environ.get("MQTT_PASSWORD"))
    # The broker says it for us if we vanish.
    client.will_set(f"{topic}/status", "offline", qos=1, retain=True)
    answer: queue.Queue[str] = queue.Queue()

    def on_connect(
        _client: Any, _userdata: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        # After every connection: a broker that was restarted may have forgotten all.
        if not reason.is_failure:
            announce(client, topic, arguments.id)
        answer.put(str(reason) if reason.is_failure else "")

    client.on_connect = on_connect
    try:
        client.connect(arguments.host, arguments.port, keepalive=30)
        client.loop_start()
        refused = answer.get(timeout=TIMEOUT_S)
    except (OSError, ValueError, queue.Empty) as error:
        refused = str(error) or "no answer"
    if refused:
        print(f"mqtt_publish.py: {arguments.host}:{arguments.port}: {refused}", file=sys.stderr)
        return 1
    status = 0
    try:
        with contextlib.suppress(KeyboardInterrupt):
            status = publish_lines(client, topic)
        farewell = client.publish(f"{topic}/status", "offline", qos=1, retain=True)
        farewell.wait_for_publish(TIMEOUT_S)
    except RuntimeError as error:
        print(f"mqtt_publish.py: {arguments.host}:{arguments.port}: {error}", file=sys.stderr)
        status = 1
    client.disconnect()
    client.loop_stop()
    return status


def announce(client: mqtt.Client, topic: str, identity: str) -> None:
    """Say that we are there, and what we publish."""
    message = json.dumps(discovery(topic, identity))
    client.publish(f"homeassistant/sensor/{identity}/config", message, qos=1, retain=True)
    client.publish(f"{topic}/status", "online", qos=1, retain=True)


def publish_lines(client: mqtt.Client, topic: str) -> int:
    """Publish each event of stdin; its own kind of event is a topic of its own."""
    for line in sys.stdin:
        try:
            event = json.loads(line)
            kind, message = event["event"], json.dumps(event)
        except (ValueError, KeyError, TypeError):
            print(f"mqtt_publish.py: not a line of listen --json: {line!r}", file=sys.stderr)
            return 2
        client.publish(f"{topic}/{kind}", message, qos=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
