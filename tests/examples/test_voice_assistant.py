"""The assistant of the examples: its reply follows the voice."""

from __future__ import annotations

from tests.examples.example_runs import ANGER, SADNESS, run_example


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
