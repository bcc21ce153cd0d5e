"""``serve``: answers audio streams of the Wyoming protocol."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import options
from .ending_signals import ending_signals

if TYPE_CHECKING:
    from ..service.wyoming import EmotionService

_MOST_TOKEN_BYTES = 1024
# Thresholds of `gc`: by default it looks at everything ten times more seldom, for ten times as
# long.
_GARBAGE = (700, 2, 2)
# The event loop gives up the interpreter's lock for each message, and then gets it back from the
# threads that compute after so many seconds; 0.005 by default.
_SWITCH_S = 0.0005
DEFAULT_URI = "tcp://127.0.0.1:10800"


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "serve",
        help="answer audio streams of the Wyoming protocol",
        description="Answer audio streams of the Wyoming protocol with the emotion of each "
        "utterance, several clients at once. Needs the extra serve.",
    )
    parser.add_argument(
        "--uri",
        default=DEFAULT_URI,
        help="address: tcp://HOST:PORT, unix://PATH or stdio:// (default: %(default)s); anyone "
        "who can reach it may use it",
    )
    parser.add_argument(
        "--max-clients",
        metavar="N",
        type=int,
        default=8,
        help="clients that are heard at once; others wait, or are told: busy (default: 8)",
    )
    parser.add_argument(
        "--idle-timeout",
        metavar="S",
        type=float,
        default=60.0,
        help="hang up on a client that says nothing for so many seconds (default: 60)",
    )
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        type=options.path,
        help="serve only clients that send the token in this file (default: all)",
    )
    parser.add_argument(
        "--provisional", action="store_true", help="also send events while an utterance lasts"
    )
    options.add_profile(parser)
    options.add_model(parser, positional=False)
    options.add_engine(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal arrives."""
    from ..errors import InputError
    from ..extras import require
    from ..live.stream import EmotionStream
    from ..model.file import default_model_path
    from ..native_output import held_back

    require("serve", "serve")
    from ..service.addresses import Address
    from ..service.wyoming import EmotionService, ServiceModel

    if arguments.max_clients < 1:
        raise InputError(f"--max-clients: found {arguments.max_clients}, expected at least 1")
    if not 0.1 <= arguments.idle_timeout <= 86400.0:
        raise InputError(f"--idle-timeout: found {arguments.idle_timeout:g}, expected 0.1 to 86400")
    token = None if arguments.token_file is None else _read_token(arguments.token_file)

    def open_stream() -> EmotionStream:
        return EmotionStream(
            arguments.model,
            engine=arguments.engine,
            threads=arguments.threads,
            xnnpack=arguments.xnnpack,
            provisional=arguments.provisional,
            profile=arguments.profile,
        )

    # Open the model once now, so that errors in it are not left to the first client.
    with contextlib.nullcontext() if arguments.debug else held_back(), open_stream() as stream:
        name = Path(arguments.model or default_model_path()).name
        model = ServiceModel(name, stream.labels)
    service = EmotionService(
        open_stream, model, arguments.max_clients, arguments.idle_timeout, token
    )
    # Nobody is heard while the interpreter looks for garbage. So it leaves out what is there
    # now, and looks soon after a crowd has left some.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)
    sys.setswitchinterval(_SWITCH_S)
    is_open = token is None and Address.of(arguments.uri).is_open_to_others
    try:
        asyncio.run(_serve(service, arguments.uri, is_open))
    finally:
        service.close()
    print(f"{service.utterances} utterances", file=sys.stderr)
    return 0


def _read_token(path: Path) -> str:
    """Return the first line of a file."""
    from ..errors import InputError
    from ..files.regular_file import open_regular

    with open_regular(path, "a token") as file:
        content = file.read(_MOST_TOKEN_BYTES + 1)
    token = content.decode(errors="replace").strip()
    if not token or len(content) > _MOST_TOKEN_BYTES or len(token.splitlines()) > 1:
        raise InputError(
            f"--token-file: {path} holds {len(content)} bytes, expected one line of at most "
            f"{_MOST_TOKEN_BYTES}"
        )
    return token


async def _serve(service: EmotionService, uri: str, is_open: bool) -> None:
    from .messages import print_warning

    task = asyncio.current_task()
    assert task is not None
    for number in ending_signals():
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)

    def say_ready() -> None:
        if is_open:
            print_warning(f"--uri {uri}: whoever reaches it may use it; see --token-file")
        print(f"serving at {uri}", file=sys.stderr, flush=True)

    with contextlib.suppress(asyncio.CancelledError):
        await service.run(uri, say_ready)
