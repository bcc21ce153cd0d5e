"""The engine on this machine with every layer's output to be seen."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lightsernet_firmware.blob.build import build_blob
from lightsernet_firmware.host.build import host_library
from lightsernet_firmware.host.stream import HostModel
from lightsernet_firmware.planner.cost import layer_costs
from lightsernet_firmware.planner.network_plan import NetworkPlan, round_up

Int8 = NDArray[np.int8]

_TAP = Path(__file__).parent / "layer_tap.c"
# LSN_STREAM_BYTES
_STREAM_BYTES = 192


class TappedEngine:
    """A plan in the engine, with the rows that each of its stages gives.

    Parameters
    ----------
    plan : NetworkPlan
    kernels : str, optional
        As `host_library` takes it.

    Attributes
    ----------
    kernels : str
        Name of those that run.
    """

    def __init__(self, plan: NetworkPlan, kernels: str | None = None) -> None:
        self._plan = plan
        path = str(host_library((_TAP,), ("-Wl,--wrap=lsn_stage_run",), kernels))
        labels = [str(i) for i in range(plan.head.labels)]
        model = HostModel(build_blob(plan, None, labels), path)
        self.kernels = model.kernels
        self._stream = model.stream()
        self._tap = ctypes.CDLL(path).tap_into
        self._tap.restype, self._tap.argtypes = None, [ctypes.c_void_p, ctypes.c_size_t]

    def run(self, rows: Int8) -> list[Int8]:
        """Run rows of features, shape (n, coefficients).

        Returns
        -------
        list of ndarray of int8
            The output of every stage, shape (rows, columns, channels), then
            the mean, the logits and the posteriors, one axis each.
        """
        outputs = []
        n_rows = len(rows)
        for stage in self._plan.stages:
            n_rows = -(-n_rows // stage.pool[0])
            outputs.append(np.zeros((n_rows, stage.output_width, stage.output_channels), np.int8))
        pointers = (ctypes.c_void_p * len(outputs))(*(part.ctypes.data for part in outputs))
        self._stream.reset()
        self._tap(pointers, len(outputs))
        self._stream.push_features(rows)
        self._stream.finish()
        result = self._stream.result()
        assert result is not None
        return [*outputs, self._mean(), *result]

    def _mean(self) -> Int8:
        """Return what the head left at the beginning of the scratch, behind the rings."""
        head = self._plan.head
        offset = _STREAM_BYTES + round_up(4 * head.channels, 16) + 2 * round_up(head.labels, 16)
        offset += sum(cost.ring_bytes for cost in layer_costs(self._plan, 1)[:-1])
        return self._stream.ram[offset : offset + head.channels].view(np.int8).copy()
