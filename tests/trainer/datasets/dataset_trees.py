"""Trees of empty files as data sets, and how their readers refuse them."""

from pathlib import Path

import pytest

from lightsernet_trainer.datasets import load


def touch(folder: Path, *names: str) -> Path:
    """Make empty files: the readers read no audio."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def refuse(kind: type[Exception], *args: object, **options: object) -> str:
    """Return the message of the error that `load` must raise; it is one line."""
    with pytest.raises(kind) as caught:
        load(*args, **options)  # type: ignore[arg-type]
    assert type(caught.value) is kind
    message = str(caught.value)
    assert "\n" not in message
    assert "expected" in message
    return message
