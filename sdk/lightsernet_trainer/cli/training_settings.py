"""Flags of how a network is trained, for the verbs that train."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightsernet_edge.cli import options
from lightsernet_edge.errors import InputError

if TYPE_CHECKING:
    from ..conditions.noise import Noises
    from ..configuration import TrainingConfiguration
    from ..datasets.clip import Clip
    from ..draws.limits import DrawLimits


Kind = Callable[[str], object]

# Flag, type, placeholder and help of each field of the training configuration but the
# seed and what is no value.
_SETTINGS: tuple[tuple[str, Kind, str, str], ...] = (
    ("--features", str, "RECIPE", "edge, light-sernet or psf (default: edge)"),
    ("--input-type", str, "TYPE", "mfcc, mel-spectrogram or spectrogram (default: mfcc)"),
    ("--level", str, "RULE", "none, percentile or running-peak (default: the recipe's)"),
    ("--padding", str, "RULE", "fill short clips: zeros or repeat (default: the recipe's)"),
    (
        "--front-end",
        options.label_list,
        "F=V,...",
        "other fields of the recipe's definition (default: none)",
    ),
    ("--seconds", float, "S", "length of the network's input (default: 3)"),
    ("--loss", str, "NAME", "cross-entropy or focal (default: cross-entropy)"),
    ("--gamma", float, "G", "exponent of the focal loss (default: 2)"),
    (
        "--label-smoothing",
        float,
        "X",
        "share of the label given to all classes (edge: 0.1, else 0)",
    ),
    ("--epochs", int, "N", "passes over the data (edge: 40, light-sernet: 300, psf: 60)"),
    ("--batch-size", int, "N", "clips per step (edge: 8, else 32)"),
    (
        "--learning-rate",
        float,
        "X",
        "highest learning rate (edge: 0.001, light-sernet: 0.0001, psf: 0.002)",
    ),
    (
        "--schedule",
        str,
        "NAME",
        "of the learning rate (edge: trapezoid, light-sernet: original, psf: one-cycle)",
    ),
    (
        "--weight-average",
        float,
        "X",
        "time constant of a running mean of the weights, as a share of the run; 0: the last "
        "weights (edge: 0.25, else 0)",
    ),
    (
        "--batch-statistics",
        str,
        "WHICH",
        "statistics of batch normalisation: moving or measured; a mean of the weights, as "
        "edge has, always gets measured ones (default: moving)",
    ),
    ("--width", float, "X", "factor on the number of filters (default: 1)"),
    (
        "--distillation",
        float,
        "X",
        "share of a crop's target that is a teacher's answer (default: 0)",
    ),
    ("--time-masks", int, "N", "SpecAugment's masks in time (default: 0)"),
    ("--time-mask-frames", int, "N", "their greatest length (default: 0)"),
    ("--mixup", float, "A", "mix pairs of clips, Beta(A, A); 0: do not (default: 0)"),
    (
        "--variants",
        options.label_list,
        "A,B,...",
        "conditions that crops are also taken under, or clean (edge: eight speeds, else none)",
    ),
    (
        "--draws",
        int,
        "N",
        "take crops from N draws of every clip: at another speed, in a room, through a line, in "
        "noise (default: 0)",
    ),
    (
        "--draw-recipe",
        options.label_list,
        "F=V,...",
        "what is drawn, a range as LOW..HIGH (default: as docs/reference/draws.md says)",
    ),
    (
        "--profile-clips",
        int,
        "N",
        "standardise half of the crops by profiles of up to N clips of the speaker "
        "(edge: 20, else 0)",
    ),
    (
        "--neutral-profiles",
        float,
        "X",
        "share of these profiles that are of neutral clips (edge: 0.4, else 0)",
    ),
    (
        "--logit-adjustment",
        float,
        "X",
        "divide the model's posteriors by each label's share of the training clips, to this power "
        "(default: 0)",
    ),
    ("--mixed-precision", str, "TYPE", "none, bfloat16 or float16 (default: none)"),
)


def add_settings(parser: argparse.ArgumentParser, takes_seed: bool = True) -> None:
    """Add a flag for every field of the training configuration, and for what training needs.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    takes_seed : bool
        Whether ``--seed`` is shown: it is parsed in any case.
    """
    settings = parser.add_argument_group("settings (defaults depend on the recipe)")
    for flag, kind, metavar, text in _SETTINGS:
        settings.add_argument(flag, type=kind, metavar=metavar, help=text)
    seed = "seed of everything random (default: 0)" if takes_seed else argparse.SUPPRESS
    settings.add_argument("--seed", type=int, metavar="N", help=seed)
    settings.add_argument(
        "--standardise",
        action=argparse.BooleanOptionalAction,
        help="give every coefficient mean 0 and deviation 1 over the training clips "
        "(edge: yes, light-sernet: no, psf: yes)",
    )
    parser.add_argument(
        "--noises",
        metavar="DIR",
        type=options.path,
        action="append",
        help="folder of noise recordings, for conditions that name one and for draws; may be "
        "given more than once",
    )
    parser.add_argument(
        "--ordinary",
        metavar="DIR",
        type=options.path,
        action="append",
        help="folder of speech without an emotion to speak of: the model gets an output for that "
        "and for noise, which is never said; may be given more than once",
    )
    parser.add_argument(
        "--cache-size",
        metavar="GB",
        type=float,
        default=4.0,
        help="the most that draws may take where features are kept; if they need more, nothing "
        "is begun (default: 4)",
    )
    parser.add_argument(
        "--draw-workers",
        metavar="N",
        type=int,
        help="processes that make draws beside the training (default: one for each core)",
    )


def configuration(arguments: argparse.Namespace) -> TrainingConfiguration:
    """Return the recipe's settings with those that were given in their place.

    Raises
    ------
    InputError
        If a value is out of its range, or the front end cannot be had.
    """
    from ..configuration import DEFAULTS, TrainingConfiguration
    from ..draws.recipe import DrawRecipe

    names = [field.name for field in dataclasses.fields(TrainingConfiguration)]
    given: dict[str, Any] = {name: getattr(arguments, name, None) for name in names}
    given = {name: value for name, value in given.items() if value is not None}
    if "draw_recipe" in given:
        given["draw_recipe"] = DrawRecipe().changed(given["draw_recipe"])
    given["outlier_output"] = bool(arguments.ordinary)
    # Whichever is asked for takes the place of the other.
    if given.get("draws"):
        given.setdefault("variants", ())
    settings = TrainingConfiguration(**{**DEFAULTS.get(given.get("features", "edge"), {}), **given})
    settings.feature_spec()
    return settings


def draw_limits(arguments: argparse.Namespace) -> DrawLimits:
    """Return what ``--cache-size`` and ``--draw-workers`` say.

    Raises
    ------
    InputError
        If a number is out of its range.
    """
    from ..draws.limits import DrawLimits

    return DrawLimits(arguments.cache_size, arguments.draw_workers)


def teacher(arguments: argparse.Namespace, configuration: TrainingConfiguration) -> Path | None:
    """Return where the teacher is, for ``train``, or the teachers, for ``crossval``.

    Raises
    ------
    InputError
        If there is a teacher and no share of its answers is asked for, or the other way round.
    """
    place: Path | None = arguments.teacher
    if (place is None) == bool(configuration.distillation):
        found = "no teacher" if place is None else f"teacher {place}"
        raise InputError(
            f"--distillation: found {configuration.distillation:g} and {found}, expected a share "
            "above 0 and a teacher, or none of both"
        )
    return place


def noises(arguments: argparse.Namespace, sample_rate: int, part: str) -> Noises | None:
    """Read the recordings of ``--noises``, if it is given.

    Raises
    ------
    InputError
        If a folder holds none, or two have the same name.
    """
    if arguments.noises is None:
        return None
    from ..conditions import read_noises

    return read_noises(arguments.noises, sample_rate, part)


def ordinary(arguments: argparse.Namespace) -> tuple[Clip, ...]:
    """List the recordings of ``--ordinary`` that train.

    Raises
    ------
    InputError
        If a folder holds none.
    """
    if arguments.ordinary is None:
        return ()
    from ..datasets.ordinary import read_ordinary

    return read_ordinary(arguments.ordinary, "train")
