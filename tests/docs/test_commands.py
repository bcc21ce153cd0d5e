"""Every command of README and guide runs as it stands there, in the order of its page."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.docs.commands import ENDLESS, NOT_RUN_HERE, PAGES, commands, set_aside
from tests.docs.scratch import TIMEOUT_S, environment, make_scratch, run_in
from tests.microphone.sound_server import wait_until
from tests.places import CHECKOUT

# What a command needs besides the environment, by a part of it.
NEEDED_TOOLS = {
    "make -C": ("cc", "make"),
    "validate": ("cc",),
    "--format web": ("clang", "wasm-ld"),
    "cortex-m": ("qemu-system-arm", "arm-none-eabi-gcc"),
}
README, GUIDE = PAGES[0], PAGES[1:]
# Both pages train the same model; once is enough.
TRAINING = CHECKOUT / "docs" / "guide" / "train-your-own.md"


def missing_tools(command: str) -> list[str]:
    tools = {tool for part, needed in NEEDED_TOOLS.items() if part in command for tool in needed}
    return sorted(tool for tool in tools if shutil.which(tool) is None)


def test_what_is_set_aside_is_documented() -> None:
    assert set_aside() - {command for page in PAGES for command in commands(page)} == set()


def test_no_page_is_set_aside_as_a_whole() -> None:
    run = {page for page in PAGES if set(commands(page)) - set_aside()}
    assert run == set(PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_run_as_they_stand(page: Path, tmp_path: Path) -> None:
    folder = make_scratch(tmp_path / "checkout")
    elsewhere = set_aside()
    if page == README:
        elsewhere |= {one for one in commands(TRAINING) if "lightsernet-edge train" in one}
    absent: dict[str, list[str]] = {}
    for command in commands(page):
        if command in elsewhere:
            continue
        if missing_tools(command):
            absent[command] = missing_tools(command)
            continue
        done = run_in(folder, "bash", "-o", "pipefail", "-c", command)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert "Traceback" not in done.stderr, f"{command}\n{done.stderr[-2000:]}"
    if absent:
        pytest.skip(f"not installed: {absent}")


@pytest.mark.parametrize("command", ENDLESS)
def test_endless_commands_run_until_they_are_stopped(command: str, tmp_path: Path) -> None:
    pytest.importorskip("wyoming", reason="not installed: wyoming")
    port = int(command.rpartition(":")[2])
    with socket.socket() as listener:
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            pytest.skip(f"port {port} is in use on this machine")
    process = subprocess.Popen(
        ["bash", "-c", f"exec {command}"],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def answers() -> bool:
        assert process.poll() is None, "it ended by itself"
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_until(answers, "the service to answer")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=TIMEOUT_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("reason", sorted(set(NOT_RUN_HERE.values())))
def test_where_the_others_run_exists(reason: str) -> None:
    named = [word for word in reason.split() if word.startswith("tests/")]
    assert [name for name in named if not (CHECKOUT / name).exists()] == []
