"""Download one file over HTTP, whole or not at all."""

from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from lightsernet_edge.errors import DownloadError, InputError, MissingDependencyError
from lightsernet_edge.extras import installation

_CHUNK = 1 << 16


def download(
    url: str, to: Path, *, most_bytes: int, timeout_s: float = 30.0, progress: bool = True
) -> None:
    """Download `url` into the file `to`, which appears only once it is complete.

    Parameters
    ----------
    url : str
        An `http:` or `https:` address.
    to : pathlib.Path
        The file; what is there is replaced.
    most_bytes : int
        A server that sends more is hung up on.
    timeout_s : float
        How long the server may stay silent, seconds.
    progress : bool
        Whether to draw a bar on stderr, if that is a terminal.

    Raises
    ------
    InputError
        If the address is no HTTP address.
    DownloadError
        If the server cannot be reached, refuses, falls silent, breaks off or sends too much.
    MissingDependencyError
        If the downloader is not installed.
    OSError
        If the file cannot be written.
    """
    if not url.startswith(("http://", "https://")):
        raise InputError(f"url {url!r}: expected an address that begins with http:// or https://")
    try:
        import pooch
        import requests
    except ImportError as error:
        raise MissingDependencyError(
            f"{error.name} is not installed, expected it for a download: {installation('train')}"
        ) from error

    part = to.with_name(f"{to.name}.part")
    try:
        with _Bar(to.name, url, most_bytes, visible=progress) as bar:
            get = pooch.HTTPDownloader(
                progressbar=bar,
                chunk_size=_CHUNK,
                timeout=timeout_s,
                # Compressed on the way, the size would not be that of the file.
                headers={"Accept-Encoding": "identity"},
            )
            get(url, str(part), None)
        if part.stat().st_size < bar.total:  # older urllib3 takes an early close for the end
            raise DownloadError(_broke_off(url, part, bar.total))
        part.replace(to)
    except requests.HTTPError as error:
        answer = str(error).partition(" for url")[0]
        raise DownloadError(f"{url}: the server answered {answer}, expected the file") from error
    except (requests.RequestException, ValueError) as error:
        raise DownloadError(_failure(url, part, bar.total, timeout_s, error)) from error
    finally:
        part.unlink(missing_ok=True)


def _failure(url: str, part: Path, total: int, timeout_s: float, error: Exception) -> str:
    """Say in one line why a request failed; the library's own words fill several."""
    if "timed out" in str(error):
        return f"{url}: the server was silent for {timeout_s:g} s, run the command again"
    if total or (part.exists() and part.stat().st_size):
        return _broke_off(url, part, total)
    cause: BaseException = error
    while cause.__context__ is not None:
        cause = cause.__context__
    reason = " ".join(str(cause).split()) or type(cause).__name__
    return f"{url}: cannot be downloaded ({reason})"


def _broke_off(url: str, part: Path, total: int) -> str:
    size = f" of {total}" if total else ""
    return (
        f"{url}: the connection broke off after {part.stat().st_size}{size} bytes, "
        "run the command again"
    )


class _Bar:
    """The part of tqdm's interface that pooch uses, drawn by rich; it ends what is too long."""

    def __init__(self, title: str, url: str, most_bytes: int, *, visible: bool) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
            disable=not (visible and console.is_terminal),
        )
        self._task = self._progress.add_task(title, total=None)
        self._total = 0
        self._url = url
        self._most_bytes = most_bytes
        self._seen = 0

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    @property
    def total(self) -> int:
        """Size of the file in bytes as the server says it, 0 if it does not."""
        return self._total

    @total.setter
    def total(self, size: int) -> None:
        self._refuse_more_than_most(size)
        self._total = size
        self._progress.update(self._task, total=size or None)

    def update(self, size: int) -> None:
        """Count `size` more bytes."""
        self._seen += size
        # Pooch counts the last piece as a whole one.
        self._refuse_more_than_most(self._seen - _CHUNK)
        self._progress.advance(self._task, size)

    def _refuse_more_than_most(self, size: int) -> None:
        if size > self._most_bytes:
            raise DownloadError(
                f"{self._url}: sends {size} bytes or more, expected at most {self._most_bytes}"
            )

    def reset(self) -> None:
        """Begin again at 0."""
        self._progress.update(self._task, completed=0)

    def close(self) -> None:
        """Do nothing: leaving the context stops the drawing."""
