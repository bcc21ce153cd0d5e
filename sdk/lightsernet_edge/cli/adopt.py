"""``adopt MODEL``: writes a record into a `.tflite` that has none."""

from __future__ import annotations

import argparse
import json
import math
import os
from typing import Any

from . import options


def add_parser(subparsers: Any) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "adopt",
        help="write a record into someone else's .tflite",
        description="Write labels and front end into a .tflite that has no record, for example "
        "one trained with the original Light-SERNet code.",
    )
    parser.add_argument("model", metavar="MODEL", type=options.model, help="a .tflite")
    parser.add_argument(
        "--labels",
        metavar="A,B,...",
        required=True,
        type=options.label_list,
        help="labels, in the order of the model's output",
    )
    parser.add_argument(
        "--features",
        metavar="RECIPE",
        required=True,
        help="front end that the model was trained with: light-sernet, psf or edge",
    )
    parser.add_argument(
        "--input-type",
        metavar="TYPE",
        default="mfcc",
        help="mfcc (default), mel-spectrogram or spectrogram",
    )
    parser.add_argument(
        "--seconds",
        metavar="S",
        type=float,
        help="length of the training clips (default: from the model's input shape)",
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "--output", metavar="FILE", type=options.path, help="write here instead of into MODEL"
    )
    place.add_argument(
        "--sidecar",
        action="store_true",
        help="write NAME.json beside MODEL instead, for a compiler that strips metadata",
    )
    options.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the record."""
    from .._version import __version__
    from ..errors import InputError, ModelError
    from ..features import recipe
    from ..model.file import embedded_record, read_bytes, without_record, write_model, write_sidecar
    from ..model.graph_check import read_checked_graph
    from ..model.record import ModelRecord

    content = read_bytes(arguments.model)
    try:
        model = without_record(content)
        shape = read_checked_graph(model).input.shape
        old = embedded_record(content)
    except ModelError as error:
        raise ModelError(f"{arguments.model}: {error}") from None
    output = arguments.output or arguments.model
    is_written_over = os.path.realpath(output) == os.path.realpath(arguments.model)
    if old is not None and old.data is not None and is_written_over:
        raise InputError(
            f"{arguments.model}: has the record of its training, which would be lost; expected "
            "a model without a record, or --output"
        )
    spec = recipe(arguments.features, arguments.input_type)
    if arguments.seconds is not None and spec.clip_seconds is None:
        raise InputError(
            f"--seconds: found {arguments.seconds}, but features {spec.name!r} take whole "
            "utterances"
        )
    if spec.clip_seconds is not None and len(shape) == 4:
        seconds = arguments.seconds
        if seconds is None:
            seconds = _clip_seconds(shape[1], spec.frame_length, spec.hop_length, spec.sample_rate)
        spec = recipe(arguments.features, arguments.input_type, seconds)
        frames = spec.n_frames(spec.clip_samples)
        if shape[1] not in (1, frames):
            raise InputError(
                f"{arguments.model}: its input has {shape[1]} frames, but clips of {seconds} s "
                f"have {frames}; give the length of its clips with --seconds"
            )
    record = ModelRecord(arguments.labels, spec, tools={"lightsernet-edge": __version__})
    if arguments.sidecar:
        written = write_sidecar(arguments.model, record)
    else:
        written = write_model(output, model, record, arguments.model).path
    if arguments.json:
        facts = {"file": str(written), "labels": list(record.labels), "features": spec.to_json()}
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print(f"{written}: {len(record.labels)} labels, features {spec.name}")
    return 0


def _clip_seconds(frames: int, frame_length: int, hop_length: int, sample_rate: int) -> float:
    """Return the shortest length with that many frames, in seconds, rounded up to 0.1 s."""
    return math.ceil(10 * ((frames - 1) * hop_length + frame_length) / sample_rate) / 10
