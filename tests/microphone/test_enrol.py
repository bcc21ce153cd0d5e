"""``enrol`` and ``devices`` on a microphone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from lightsernet_edge.profiles.profile import Profile
from tests.microphone.sound_server import MICROPHONE, SoundServer, wait_until
from tests.places import CLIPS

CLIP = CLIPS / "sadness_15a02Ta.wav"
TIMEOUT_S = 60


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "lightsernet_edge", *map(str, arguments)]


def test_profile_from_a_microphone(sound_server: SoundServer, tmp_path: Path) -> None:
    output = tmp_path / "me.json"
    process = subprocess.Popen(
        command("enrol", "--device", MICROPHONE, "--seconds", 2, "--output", output, "--json"),
        env=sound_server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(sound_server.has_listeners, "the microphone to be opened")
        sound_server.play(CLIP)
        stdout, stderr = process.communicate(timeout=TIMEOUT_S)
    finally:
        process.kill()
    assert process.returncode == 0, stderr
    facts = json.loads(stdout)
    # It ends by itself, as soon as it has what was asked for.
    assert 2.0 <= facts["seconds"] < 2.4
    assert facts["warnings"] == ["short"]
    # The profile counts whole frames.
    assert 1.8 <= Profile.load(output).seconds <= facts["seconds"]


def test_devices(sound_server: SoundServer) -> None:
    done = subprocess.run(
        command("devices", "--json"),
        env=sound_server.environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=TIMEOUT_S,
    )
    assert done.stderr == ""
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert MICROPHONE in [row["name"] for row in rows]
    assert len({row["index"] for row in rows}) == len(rows)
    assert sum(row["default"] for row in rows) == 1
    for row in rows:
        assert row["default_samplerate"] > 0
        assert row["channels"] > 0
