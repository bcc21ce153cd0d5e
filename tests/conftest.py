"""Fixtures that all tests share: where the data lies, clips, small models."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray

# So that a failure in what tests share says what was found, as in the tests themselves.
pytest.register_assert_rewrite(
    "tests.edge.audio.made_recordings",
    "tests.edge.cli.refusals",
    "tests.trainer.datasets.dataset_trees",
    "tests.trainer.datasets.fetching",
)

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# Machines differ and are shared: no example of a property has a deadline.
settings.register_profile("repo", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repo")

# Four files whose samples begin at byte 4096, behind a chunk of padding.
PADDED_CLIPS = ("14a07Aa", "14a07Fd", "14a07Na", "14a07Wc")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--data",
        default=os.environ.get("LIGHTSERNET_DATA"),
        help="folder that holds emodb/ (default: $LIGHTSERNET_DATA)",
    )
    parser.addoption(
        "--targets", action="store_true", help="run the tests that `make test-targets` runs"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--targets"):
        return
    skipped = pytest.mark.skip(reason="make test-targets runs it")
    for item in items:
        if item.get_closest_marker("targets"):
            item.add_marker(skipped)


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Note a measured figure, printed at the end of the run whether the test passes or not."""

    def note(text: str) -> None:
        record_property("figure", text)

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    figures = [
        f"{report.nodeid.split('::')[-1]}: {text}"
        for report in reports
        for name, text in report.user_properties
        if name == "figure"
    ]
    if figures:
        terminalreporter.section("figures")
        for line in sorted(figures):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def data_root(pytestconfig: pytest.Config) -> Path:
    """The folder that holds the data sets."""
    option = pytestconfig.getoption("--data")
    if not option:
        pytest.skip("no data: give --data or set LIGHTSERNET_DATA")
    return Path(option)


@pytest.fixture(scope="session")
def emodb(data_root: Path) -> Path:
    """EMO-DB as its archive unpacks: the folder that holds wav/."""
    folder = data_root / "emodb"
    if not (folder / "wav").is_dir():
        pytest.skip(f"EMO-DB is absent: no wav/ in {folder}")
    return folder


@pytest.fixture(scope="session")
def some_clips(emodb: Path) -> list[Path]:
    """Fifty clips spread over EMO-DB, those with padded headers among them."""
    files = sorted((emodb / "wav").glob("*.wav"))
    chosen = {files[i] for i in np.linspace(0, len(files) - 1, 46).round().astype(int)}
    return sorted(chosen | {emodb / "wav" / f"{name}.wav" for name in PADDED_CLIPS})


@pytest.fixture(scope="session")
def odd_signals() -> dict[str, NDArray[np.float64]]:
    """Signals that front ends stumble over, at 16 kHz."""
    rate = 16000
    time = np.arange(2 * rate) / rate
    clicks = np.zeros(2 * rate)
    clicks[[1000, 9000, 9001, 31999]] = [1.0, -1.0, 1.0, -1.0]
    return {
        "silence": np.zeros(2 * rate),
        "clicks": clicks,
        "square": np.where(np.sin(2 * np.pi * 187.5 * time) >= 0, 1.0, -1.0),
        "tone": 0.5 * np.sin(2 * np.pi * 1000.0 * time),
        "dc": np.full(2 * rate, 0.25),
        "noise": np.random.default_rng(7).uniform(-1, 1, 2 * rate),
        "full scale": np.random.default_rng(8).choice([-1.0, 32767 / 32768], 2 * rate),
    }


@pytest.fixture(scope="session")
def converted() -> Callable[..., bytes]:
    """Networks with random weights, converted: for tests that need no skill."""
    from lightsernet_trainer.network.conversion import convert
    from lightsernet_trainer.network.light_sernet import light_sernet

    def make(precision: str, width: float = 0.25, n_labels: int = 7, n_frames: int = 184) -> bytes:
        random = np.random.default_rng(0)
        rows = [random.normal(size=(n_frames, 40)).astype(np.float32) for _ in range(4)]
        network = light_sernet(n_frames, 40, n_labels, width)
        # Off their initial zeros and ones, which the converter would optimise away.
        network.set_weights([w + random.uniform(0, 0.1, w.shape) for w in network.get_weights()])
        return convert(network, precision, rows)

    return make


@pytest.fixture(scope="session")
def small_int8(converted: Callable[..., bytes]) -> bytes:
    return converted("int8")


@pytest.fixture(scope="session")
def small_float32(converted: Callable[..., bytes]) -> bytes:
    return converted("float32")


@pytest.fixture(scope="session")
def small_float16(converted: Callable[..., bytes]) -> bytes:
    return converted("float16")


@pytest.fixture(scope="session")
def small_dynamic() -> bytes:
    """Weights int8, activations float32: what the original code calls int8."""
    import tensorflow as tf

    from lightsernet_trainer.network.light_sernet import light_sernet

    converter = tf.lite.TFLiteConverter.from_keras_model(light_sernet(184, 40, 7, 0.25))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    model: bytes = converter.convert()
    return model


@pytest.fixture(scope="session")
def original_float32(converted: Callable[..., bytes]) -> bytes:
    """The network at its full width."""
    return converted("float32", width=1.0)
