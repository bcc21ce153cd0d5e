"""Fetching the made-up EMO-DB, with success and without."""

from pathlib import Path

import pytest

from lightsernet_edge.errors import LightSernetError
from lightsernet_trainer.datasets.fetch import FetchReport, fetch_emodb
from tests.trainer.datasets.made_up_emodb import LABEL_SUMS, SUMS, tree


def fetch(to: Path, url: str = "http://127.0.0.1:9/", **options: object) -> FetchReport:
    sums = {"checksums": SUMS, "label_checksums": LABEL_SUMS}
    return fetch_emodb(to, url=url, **{**sums, **options})  # type: ignore[arg-type]


def fetch_fails(
    kind: type[LightSernetError], to: Path, url: str = "http://127.0.0.1:9/", **options: object
) -> str:
    """Return the one-line message of a fetch that must fail and leave nothing new behind."""
    before = tree(to.parent) if to.parent.exists() else None
    with pytest.raises(kind) as caught:
        fetch(to, url, **options)
    assert type(caught.value) is kind
    message = str(caught.value)
    assert "\n" not in message
    assert (tree(to.parent) if to.parent.exists() else None) == before
    return message
