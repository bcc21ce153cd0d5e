"""Exceptions of the SDK.

Every error that a caller can cause or must handle is a `LightSernetError`. A message is
one line: it names the file, parameter or field, what was found and what was expected.
The command line prints the message and exits with `exit_status`.
"""


class LightSernetError(Exception):
    """Base of all errors of this SDK: the work could not be done."""

    exit_status = 1


class InputError(LightSernetError, ValueError):
    """The caller passed in something wrong: a value or a file."""

    exit_status = 2


class AudioError(InputError):
    """A recording cannot be read, is too short, or holds samples that are not finite."""


class ModelError(InputError):
    """A model file or its record is damaged or unknown, or the two do not fit each other."""


class DatasetError(InputError):
    """A data set or manifest is missing, empty or inconsistent."""


class MissingDependencyError(LightSernetError):
    """A package or system library that is needed here is not installed."""


class DownloadError(LightSernetError):
    """A download stopped early, or the received file is not the expected one."""


class CaptureError(LightSernetError):
    """A microphone is missing, cannot be opened, or stopped delivering samples."""


class LightSernetWarning(UserWarning):
    """Base of all warnings of this SDK: the work was done, but something is to be known."""


class AudioWarning(LightSernetWarning):
    """A recording can be used, but part of it is passed over, or the result is less reliable."""


class DatasetWarning(LightSernetWarning):
    """A data set can be used, but a score on it may flatter."""
