"""The folder that a run writes to, which no other run may write to at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lightsernet_edge.errors import InputError
from lightsernet_edge.files.folder_lock import locked


@contextmanager
def output_folder(out: Path) -> Iterator[None]:
    """Make a folder if need be, and keep other runs out of it while the context lasts.

    A folder that was made here and is left empty is removed.

    Raises
    ------
    InputError
        If another run is at work in it, or it cannot be made.
    """
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    with ExitStack() as held:
        held.callback(_remove_empty, made)
        try:
            out.mkdir(parents=True, exist_ok=True)
            is_ours = held.enter_context(locked(out))
        except OSError as error:
            raise InputError(f"out: {out} cannot be made ({error.strerror})") from None
        if not is_ours:
            raise InputError(
                f"out: another run is at work in {out}, expected none; wait for its end, or "
                "choose another folder"
            )
        yield


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
