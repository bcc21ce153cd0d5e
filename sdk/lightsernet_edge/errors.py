"""Exceptions of the SDK.

Every error that a caller can cause or must handle is a `LightSernetError`. The
command line prints its message on one line and exits with `exit_status`.
A message names the file, flag or field, what was found, and what was expected.
"""


class LightSernetError(Exception):
    """Base of all errors of this SDK: the work could not be done."""

    exit_status = 1


class InputError(LightSernetError, ValueError):
    """What the caller passed in is wrong: a value, a flag, a file."""

    exit_status = 2


class AudioError(InputError):
    """A recording cannot be read, or is too short or not finite."""


class ModelError(InputError):
    """A model file or its record is damaged, unknown or does not fit."""


class DatasetError(InputError):
    """A data set or manifest is missing, empty or inconsistent."""


class MissingDependencyError(LightSernetError):
    """A package or system library that this work needs is not installed."""


class DownloadError(LightSernetError):
    """A download broke off, or what arrived is not what was expected."""


class CaptureError(LightSernetError):
    """A microphone is missing, refuses to open, or stopped delivering."""
