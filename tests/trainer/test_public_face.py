"""What ``lightsernet_trainer`` offers: each name is there, and imported when it is used."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys

import pytest

import lightsernet_trainer


def test_importing_it_imports_nothing_large() -> None:
    code = (
        "import sys, lightsernet_trainer as trainer\n"
        "assert set(trainer.__all__) <= set(dir(trainer))\n"
        "print(*sorted({'tensorflow', 'keras', 'numpy', 'sklearn'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_there_is_no_other_name() -> None:
    with pytest.raises(AttributeError, match="'lightsernet_trainer' has no attribute 'tune'"):
        _ = lightsernet_trainer.tune


@pytest.mark.parametrize("name", lightsernet_trainer.__all__)
def test_every_argument_is_documented(name: str) -> None:
    """Each parameter of a function, each field of a dataclass, by its name."""
    item = getattr(lightsernet_trainer, name)
    text = inspect.getdoc(item) or ""
    documented = {
        name.lstrip("*")
        for names in re.findall(r"^([\w*, ]+) :", text, re.MULTILINE)
        for name in names.split(", ")
    }
    assert set(inspect.signature(item).parameters) <= documented
