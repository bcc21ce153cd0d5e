"""`TrainingConfiguration`: everything that defines a training run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lightsernet_edge.errors import InputError
from lightsernet_edge.features import FeatureSpec, recipe

from .conditions.condition import CLEAN
from .draws.recipe import DrawRecipe

LEVELS = ("recipe", "none", "percentile", "running-peak")
LOSSES = ("cross-entropy", "focal")
SCHEDULES = ("one-cycle", "trapezoid", "original")
PADDINGS = ("recipe", "zeros", "repeat")
BATCH_STATISTICS = ("moving", "measured")
MIXED_PRECISIONS = ("none", "bfloat16", "float16")

_RANGES: dict[str, tuple[float, float]] = {
    "seconds": (0.3, 30.0),
    "epochs": (1, 10_000),
    "batch_size": (1, 4096),
    "width": (0.05, 4.0),
    "mixup": (0.0, 10.0),
    "time_masks": (0, 100),
    "time_mask_frames": (0, 1000),
    "draws": (0, 10_000),
    "profile_clips": (0, 1000),
    "neutral_profiles": (0.0, 1.0),
    "seed": (0, 2**31 - 1),
    "gamma": (0.0, 100.0),
    "label_smoothing": (0.0, 0.99),
    "distillation": (0.0, 1.0),
    "logit_adjustment": (0.0, 2.0),
    "learning_rate": (1e-9, 10.0),
    "weight_average": (0.0, 1.0),
}
_CHOICES = {
    "level": LEVELS,
    "padding": PADDINGS,
    "loss": LOSSES,
    "schedule": SCHEDULES,
    "batch_statistics": BATCH_STATISTICS,
    "mixed_precision": MIXED_PRECISIONS,
}


@dataclass(frozen=True)
class TrainingConfiguration:
    """A training run, as plain data.

    Attributes
    ----------
    features : str
        Name of the recipe.
    input_type : {"mfcc", "mel-spectrogram", "spectrogram"}
    level : str
        Level rule instead of the recipe's, or ``recipe``.
    padding : str
        What short clips are filled with instead of the recipe's, or ``recipe``.
    front_end : tuple of str
        Further changes of the recipe, each ``FIELD=VALUE`` with a field of
        `lightsernet_edge.features.FeatureSpec`.
    standardise : bool
        Whether every coefficient gets mean 0 and deviation 1 over the training
        clips.
    seconds : float
        Length of the network's input, and of the crops it is trained on.
    loss : {"cross-entropy", "focal"}
    gamma : float
        Exponent of the focal loss.
    label_smoothing : float
    epochs, batch_size : int
    learning_rate : float
        Highest learning rate of the schedule.
    schedule : {"one-cycle", "trapezoid", "original"}
    weight_average : float
        Time constant of a running mean of the weights, which the model gets, as a
        share of the run; 0 for the last weights.
    batch_statistics : {"moving", "measured"}
        Means and variances that the model normalises with: the moving ones of
        training, or measured anew. A mean of the weights always gets measured ones;
        there this tells only what ``published`` scores an epoch with.
    width : float
        Factor on the number of filters.
    distillation : float
        Share of a crop's target that is what a teacher (`training.teacher`) answers; 0 for
        none.
    time_masks, time_mask_frames : int
        SpecAugment's masks in time.
    mixup : float
        Parameter alpha of mixup; 0 for none.
    variants : tuple of str
        Conditions (`lightsernet_trainer.conditions`) that training clips go
        through: a crop comes from the clip as it is or from one of these,
        each as likely.
    draws : int
        Draws of every clip (`lightsernet_trainer.draws`) that crops are taken from,
        in place of the clip as it is and of variants; 0 for none.
    draw_recipe : DrawRecipe
        What is drawn.
    profile_clips : int
        Half of the crops are standardised by a profile of up to so many clips of
        their speaker; 0 for the training set's statistics alone.
    neutral_profiles : float
        Share of these profiles that are of the speaker's neutral clips alone, as
        enrolment makes them.
    logit_adjustment : float
        Exponent of each label's share of the training clips, by which the model's posteriors
        are divided; see `network.logit_adjustment`.
    outlier_output : bool
        Whether the model has an output more than labels, for what is none of them; see
        `training.outlier_output`.
    mixed_precision : {"none", "bfloat16", "float16"}
        What the layers compute in while training; weights stay float32.
    seed : int

    Raises
    ------
    InputError
        If a number is out of its range, or settings do not go together: profiles without
        standardisation, draws with variants, a recipe of draws without draws.
    """

    features: str = "edge"
    input_type: str = "mfcc"
    level: str = "recipe"
    padding: str = "recipe"
    front_end: tuple[str, ...] = ()
    standardise: bool = True
    seconds: float = 3.0
    loss: str = "cross-entropy"
    gamma: float = 2.0
    label_smoothing: float = 0.0
    epochs: int = 60
    batch_size: int = 32
    learning_rate: float = 2e-3
    schedule: str = "one-cycle"
    weight_average: float = 0.0
    batch_statistics: str = "moving"
    width: float = 1.0
    distillation: float = 0.0
    time_masks: int = 0
    time_mask_frames: int = 0
    mixup: float = 0.0
    variants: tuple[str, ...] = ()
    draws: int = 0
    draw_recipe: DrawRecipe = dataclasses.field(default_factory=DrawRecipe)
    profile_clips: int = 0
    neutral_profiles: float = 0.0
    logit_adjustment: float = 0.0
    outlier_output: bool = False
    mixed_precision: str = "none"
    seed: int = 0

    def __post_init__(self) -> None:
        for field, (low, high) in _RANGES.items():
            value = getattr(self, field)
            if not low <= value <= high:
                raise InputError(f"{field}: found {value}, expected {low}..{high}")
        for field, allowed in _CHOICES.items():
            value = getattr(self, field)
            if value not in allowed:
                raise InputError(f"{field}: found {value!r}, expected one of {', '.join(allowed)}")
        if self.profile_clips and not self.standardise:
            raise InputError(
                f"profile_clips: found {self.profile_clips} without standardise, expected 0: "
                "profiles are what features are standardised by"
            )
        if self.draws and set(self.variants) - {CLEAN}:
            raise InputError(
                f"variants: found {','.join(self.variants)} with draws, expected {CLEAN}: crops "
                "are of draws alone"
            )
        if self.outlier_output and not self.draws:
            raise InputError(
                "outlier_output: found without draws, expected some draws: what is no emotion is "
                "heard in scenes as well"
            )
        if not self.draws and self.draw_recipe != DrawRecipe():
            changes = ",".join(self.draw_recipe.changes())
            raise InputError(f"draw_recipe: found {changes} without draws, expected some draws")

    def feature_spec(self) -> FeatureSpec:
        """Return the recipe with the changes asked for, not yet standardised.

        Raises
        ------
        InputError
            If there is no such recipe, or the changes do not go together.
        """
        spec = recipe(self.features, self.input_type, self.seconds)
        changes: dict[str, Any] = {}
        if self.level != "recipe":
            changes["level"] = self.level
        if self.padding != "recipe":
            if spec.clip_seconds is not None:
                raise InputError(
                    f"padding: found {self.padding!r}, but features {spec.name!r} put zeros "
                    f"around clips of less than {spec.clip_seconds} s"
                )
            changes["padding"] = self.padding
        for change in self.front_end:
            changes |= _spec_change(change)
        return dataclasses.replace(spec, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON values; those that not every training has where needed."""
        lists = {"front_end": list(self.front_end), "variants": list(self.variants)}
        fields = {**dataclasses.asdict(self), **lists, "draw_recipe": self.draw_recipe.to_json()}
        if not self.draws:
            del fields["draws"], fields["draw_recipe"]
        if not self.outlier_output:
            del fields["outlier_output"]
        for name in ("distillation", "logit_adjustment"):
            if not fields[name]:
                del fields[name]
        return fields

    def flags(self) -> list[str]:
        """Return the flags by which the settings differ from the recipe's defaults.

        Left out are the seed, which is a fold's, and no variants at all where the
        recipe has some, which has no flag: ``--variants clean`` does the same, and
        draws put them aside.
        """
        defaults = recipe_configuration(self.features)
        words = [] if self.features == "edge" else ["--features", self.features]
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value == getattr(defaults, field.name) or field.name in ("features", "seed"):
                continue
            if field.name == "variants" and self.draws:
                continue
            if field.name == "outlier_output":
                words += ["--ordinary", "DIR"]
                continue
            flag = "--" + field.name.replace("_", "-")
            if isinstance(value, bool):
                words.append(flag if value else flag.replace("--", "--no-", 1))
            elif isinstance(value, tuple):
                words += [flag, ",".join(value) or CLEAN]
            elif isinstance(value, DrawRecipe):
                words += [flag, ",".join(value.changes())]
            else:
                words += [flag, str(value)]
        return words

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> TrainingConfiguration:
        """Read what `to_json` gives.

        Raises
        ------
        InputError
            If a field is unknown or out of its range.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        if not fields.keys() <= known:
            unknown = sorted(fields.keys() - known)[0]
            raise InputError(f"configuration: field {unknown!r} is unknown")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in fields.items()
        }
        if "draw_recipe" in values:
            values["draw_recipe"] = DrawRecipe.from_json(values["draw_recipe"])
        return cls(**values)


# What a change of the recipe may not touch: its name, what training fills in,
# and what has a flag of its own.
_NOT_CHANGED = ("name", "output", "level", "padding", "clip_seconds", "mean", "scale", "clip_value")


def _spec_change(text: str) -> dict[str, Any]:
    """Read ``FIELD=VALUE``; a value that is no number is a word."""
    field, _, value = text.partition("=")
    fields = [f.name for f in dataclasses.fields(FeatureSpec) if f.name not in _NOT_CHANGED]
    if field not in fields or not value:
        raise InputError(
            f"front_end: found {text!r}, expected FIELD=VALUE with one of {', '.join(fields)}"
        )
    for kind in (int, float):
        try:
            return {field: kind(value)}
        except ValueError:
            continue
    return {field: value}


# Voices that nobody in the training set has.
_EDGE_VARIANTS = tuple(
    f"speed:{factor}" for factor in (0.8, 0.85, 0.9, 0.95, 1.06, 1.12, 1.18, 1.25)
)
# What a recipe is trained with unless told otherwise. The original training is
# Adam at 1e-4 for 300 epochs on features as they are; ours is the outcome of
# docs/results/experiments.md.
DEFAULTS: dict[str, dict[str, Any]] = {
    "light-sernet": {
        "standardise": False,
        "epochs": 300,
        "learning_rate": 1e-4,
        "schedule": "original",
    },
    "edge": {
        "epochs": 40,
        "batch_size": 8,
        "learning_rate": 1e-3,
        "schedule": "trapezoid",
        "weight_average": 0.25,
        "label_smoothing": 0.1,
        "variants": _EDGE_VARIANTS,
        "profile_clips": 20,
        "neutral_profiles": 0.4,
    },
}


def recipe_configuration(features: str = "edge", **changes: Any) -> TrainingConfiguration:
    """Return what a recipe is trained with, with some settings changed.

    Parameters
    ----------
    features : str
        Name of the recipe, one of `lightsernet_edge.RECIPES`.
    **changes : object
        Fields of `TrainingConfiguration`, in place of the recipe's.

    Raises
    ------
    InputError
        If a value is out of its range.
    """
    return TrainingConfiguration(features=features, **{**DEFAULTS.get(features, {}), **changes})
