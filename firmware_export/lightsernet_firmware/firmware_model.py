"""`FirmwareModel`: a model as the engine runs it, with what it takes of a board."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from lightsernet_edge.errors import ModelError
from lightsernet_edge.model.file import ModelFile, read_model
from lightsernet_edge.model.shipped import DEFAULT

from .blob.build import build_blob
from .planner import cost
from .planner.front_end_tables import FrontEndTables, front_end_tables, why_not_streamable
from .planner.graph_planner import plan_network
from .planner.narrowed_plan import narrowed_plan
from .planner.network_plan import NetworkPlan


@dataclass(frozen=True)
class FirmwareModel:
    """A model as the engine runs it.

    Plan, tables and blob are computed when they are first asked for, and once. A model that
    the engine cannot run raises `ModelError`, naming the file, wherever one of them is needed.

    Parameters
    ----------
    file : ModelFile
        The `.tflite` with its record.
    width : float
        Share of the filters that is kept; below 1 to know what a narrower network costs, whose
        answers mean nothing.
    """

    file: ModelFile
    width: float = 1.0

    def narrowed(self, width: float) -> FirmwareModel:
        """Return the model with a share of its filters, for its cost alone."""
        return self if width == self.width else replace(self, width=width)

    @cached_property
    def plan(self) -> NetworkPlan:
        """How the network runs row by row.

        Raises
        ------
        ModelError
            If the model is not full-integer int8, or an operator cannot be run row by row.
        """
        try:
            return narrowed_plan(plan_network(self.file.graph), self.width)
        except ModelError as error:
            raise ModelError(f"{self.file.path}: {error}") from None

    @cached_property
    def why_features_only(self) -> str | None:
        """Why the engine cannot compute the model's front end; None if it can."""
        return why_not_streamable(self.file.record.features)

    @cached_property
    def tables(self) -> FrontEndTables | None:
        """The front end's constants; None for a model that takes rows of features only."""
        if self.why_features_only is not None:
            return None
        return front_end_tables(self.file.record.features)

    @cached_property
    def blob(self) -> bytes:
        """All that the engine reads, to be placed at a multiple of 16 bytes; ``model.lsn``.

        Its length is the flash that the model takes.

        Raises
        ------
        ModelError
            As `plan`, or if a number of the record does not fit the engine.
        """
        plan, record = self.plan, self.file.record
        try:
            return build_blob(
                plan,
                self.tables,
                record.outputs,
                record.decision,
                bytes.fromhex(record.sha256),
                record.other_output,
            )
        except ModelError as error:
            raise ModelError(f"{self.file.path}: {error}") from None

    def ram_bytes(self, target: str = "host") -> int:
        """Return the RAM of one stream in bytes, what ``lsn_ram_size`` returns.

        Parameters
        ----------
        target : str
            A key of `lightsernet_firmware.planner.cost.OPERAND_BYTES`, as ``cortex-m4``.
        """
        return cost.ram_bytes(self.plan, self.tables, target)

    def listener_ram_bytes(self, target: str = "host", continuous: bool = False) -> int | None:
        """Return the RAM of one listener in bytes, what ``lsn_listener_ram_size`` returns.

        Its stream is included.

        Parameters
        ----------
        target : str
            As for `ram_bytes`.
        continuous : bool
            Whether it is in continuous mode.

        Returns
        -------
        int or None
            None if the engine has no listener for the model: without a front end, or if the
            record's times do not fit it.
        """
        decision = self.file.record.decision
        return cost.listener_ram_bytes(self.plan, self.tables, decision, target, continuous)

    def layer_costs(self, frames: int, target: str = "host") -> list[cost.LayerCost]:
        """Return what every layer costs for an utterance of so many frames.

        Parameters
        ----------
        frames : int
            Rows of features in the utterance, at least 1.
        target : str
            As for `ram_bytes`.
        """
        return cost.layer_costs(self.plan, frames, target)


def plan(path: Path | str | None = None) -> FirmwareModel:
    """Read a model and plan how the engine runs it.

    Parameters
    ----------
    path : Path or str, optional
        A `.tflite` with its record, or the name of a model that ships; by default ``edge``.

    Raises
    ------
    ModelError
        If there is no such model, or the engine cannot run it; it names the file.
    """
    model = FirmwareModel(read_model(DEFAULT if path is None else path))
    _ = model.plan
    return model
