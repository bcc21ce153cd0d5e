"""Flags of how a network is trained, for the verbs that train."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from . import options

if TYPE_CHECKING:
    from lightsernet_trainer.conditions.noise import Noises
    from lightsernet_trainer.configuration import TrainingConfiguration


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Add a flag for every field of the training configuration, and ``--noises``."""
    settings = parser.add_argument_group("settings (defaults depend on the recipe)")
    for flag, kind, metavar, text in (
        ("--features", str, "RECIPE", "edge (default), light-sernet or psf"),
        ("--input-type", str, "TYPE", "mfcc (default), mel-spectrogram or spectrogram"),
        ("--level", str, "RULE", "none, percentile or running-peak instead of the recipe's"),
        ("--padding", str, "RULE", "fill short clips with zeros, or repeat them"),
        ("--front-end", options.label_list, "F=V,...", "other fields of the recipe's definition"),
        ("--seconds", float, "S", "length of the network's input (default: 3)"),
        ("--loss", str, "NAME", "cross-entropy (default) or focal"),
        ("--gamma", float, "G", "exponent of the focal loss (default: 2)"),
        ("--label-smoothing", float, "X", "share of the label given to all classes"),
        ("--epochs", int, "N", "passes over the data"),
        ("--batch-size", int, "N", "clips a step (default: 32)"),
        ("--learning-rate", float, "X", "highest learning rate"),
        ("--schedule", str, "NAME", "one-cycle, trapezoid or original"),
        (
            "--weight-average",
            float,
            "X",
            "time constant of a running mean of the weights, as a share of the run",
        ),
        (
            "--batch-statistics",
            str,
            "WHICH",
            "statistics of batch normalisation: moving (default) or measured",
        ),
        ("--width", float, "X", "factor on the number of filters (default: 1)"),
        ("--time-masks", int, "N", "SpecAugment's masks in time"),
        ("--time-mask-frames", int, "N", "their greatest length"),
        ("--mixup", float, "A", "mix pairs of clips, Beta(A, A)"),
        ("--variants", options.label_list, "A,B,...", "conditions that crops are also taken under"),
        ("--profile-clips", int, "N", "standardise by profiles of up to N clips of the speaker"),
        ("--neutral-profiles", float, "X", "share of these profiles that are of neutral clips"),
        ("--mixed-precision", str, "TYPE", "none (default), bfloat16 or float16"),
        ("--seed", int, "N", "seed of everything random (default: 0)"),
    ):
        settings.add_argument(flag, type=kind, metavar=metavar, help=text)
    settings.add_argument(
        "--standardise",
        action=argparse.BooleanOptionalAction,
        help="give every coefficient mean 0 and deviation 1 over the training clips",
    )
    parser.add_argument(
        "--noises", metavar="DIR", type=options.path, help="recordings for conditions with noise"
    )


def configuration(arguments: argparse.Namespace) -> TrainingConfiguration:
    """Return the recipe's settings with those that were given in their place.

    Raises
    ------
    InputError
        If a value is out of its range, or the front end cannot be had.
    """
    from lightsernet_trainer.configuration import DEFAULTS, TrainingConfiguration

    names = [field.name for field in dataclasses.fields(TrainingConfiguration)]
    given = {name: getattr(arguments, name) for name in names}
    given = {name: value for name, value in given.items() if value is not None}
    settings = TrainingConfiguration(**{**DEFAULTS.get(given.get("features", "edge"), {}), **given})
    settings.feature_spec()
    return settings


def noises(arguments: argparse.Namespace, sample_rate: int, part: str) -> Noises | None:
    """Read the recordings of ``--noises``, if it is given.

    Raises
    ------
    InputError
        If the folder holds none.
    """
    if arguments.noises is None:
        return None
    from lightsernet_trainer.conditions import read_noises

    return read_noises(arguments.noises, sample_rate, part)
