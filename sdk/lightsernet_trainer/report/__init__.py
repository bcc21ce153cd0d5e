"""One self-contained page about the results of cross-validations.

`write_report` is what ``crossval`` calls; ``python -m lightsernet_trainer.report`` makes the
page from result files.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .page import write_report

__all__ = ["write_report"]


def __getattr__(name: str) -> Any:
    # Late: the command must come to say which packages are missing.
    if name == "write_report":
        from .page import write_report

        return write_report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
