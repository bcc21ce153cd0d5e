"""What is built from the checkout."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Distributions:
    """What was built, and the source tree it was built from."""

    source: Path
    sdist: Path
    wheel: Path
