"""One self-contained page about the results of cross-validations, and its tables."""

from .page import write_report

__all__ = ["write_report"]
