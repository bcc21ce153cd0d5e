"""What tells one result of a cross-validation from others."""

from __future__ import annotations

from dataclasses import dataclass

from ..conditions.condition import CLEAN


@dataclass(frozen=True)
class ResultKey:
    """What was cross-validated, and by which protocol.

    Attributes
    ----------
    protocol : str
        A key of `protocols.PROTOCOLS`.
    recipe : str
        Of the features; see `lightsernet_edge.features.recipe`.
    loss : str
        One of `lightsernet_trainer.configuration.LOSSES`.
    precision : str
        ``float32``, ``float16``, ``int8``, or ``native`` for int8 in the C engine.
    seed : int
        Of the training, from 0.
    condition : str
        What the audio went through before the front end, as
        `lightsernet_trainer.conditions.parse_condition` takes it; ``clean`` for nothing.
    """

    protocol: str
    recipe: str
    loss: str
    precision: str
    seed: int
    condition: str = CLEAN

    @property
    def is_clean(self) -> bool:
        """Whether the audio was left as it is."""
        return self.condition == CLEAN

    @property
    def model(self) -> tuple[str, str, str]:
        """Protocol, recipe and loss: what results that stand in one file share."""
        return self.protocol, self.recipe, self.loss

    @property
    def name(self) -> str:
        """The key in one word of letters, digits, ``-``, ``.`` and ``_``."""
        words = [*self.model, self.precision, f"seed{self.seed}"]
        return _one_word(words if self.is_clean else [*words, self.condition])

    @property
    def file_name(self) -> str:
        """The name of the file that `file.write_results` is given by ``crossval``."""
        return f"{_one_word(self.model)}.json"


def _one_word(words: list[str] | tuple[str, ...]) -> str:
    text = "-".join(words)
    return "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in text)
