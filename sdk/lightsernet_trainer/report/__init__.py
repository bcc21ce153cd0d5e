"""One self-contained page about the results of cross-validations, and its tables."""

from lightsernet_edge.errors import MissingDependencyError

try:
    import matplotlib.figure  # noqa: F401
# It may be there, and fail: made for another NumPy, for example.
except Exception as error:
    raise MissingDependencyError(
        f"matplotlib cannot be imported ({type(error).__name__}: {error})"
    ) from None

from .page import write_report

__all__ = ["write_report"]
