"""One self-contained page about the results of cross-validations.

`write_report` is what ``crossval`` calls; ``python -m lightsernet_trainer.report`` makes the
page from result files.
"""

from .page import write_report

__all__ = ["write_report"]
