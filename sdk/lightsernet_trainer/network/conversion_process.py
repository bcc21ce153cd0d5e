"""Conversion from every backend of Keras: TensorFlow's converter in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lightsernet_edge.errors import LightSernetError

if TYPE_CHECKING:
    import keras


def convert_to(
    network: keras.Model,
    width: float,
    precisions: Sequence[str],
    representative: Sequence[NDArray[np.float32]],
) -> dict[str, bytes]:
    """Convert a network to TFLite in several precisions.

    Parameters
    ----------
    network : keras.Model
        From `light_sernet`, in float32, built with `width`.
    width : float
    precisions : sequence of str
        Some of `PRECISIONS`.
    representative : sequence of ndarray of float32, shape (n_frames, n_coefficients)
        At least one; see `conversion.convert`.

    Returns
    -------
    dict of str to bytes
        A flatbuffer for each precision.

    Raises
    ------
    MissingDependencyError
        If TensorFlow is not installed.
    LightSernetError
        If a conversion fails.
    """
    import keras

    if keras.backend.backend() == "tensorflow":
        from .conversion import convert

        return {precision: convert(network, precision, representative) for precision in precisions}
    _, n_frames, n_coefficients, _ = network.input_shape
    with tempfile.TemporaryDirectory() as folder:
        job = Path(folder) / "job.npz"
        np.savez(
            job,
            shape=np.array(json.dumps([n_frames, n_coefficients, network.output_shape[-1], width])),
            representative=np.stack(representative),
            **{f"w{i}": weights for i, weights in enumerate(network.get_weights())},
        )
        environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
        done = subprocess.run(
            [sys.executable, "-m", __spec__.name, str(job), *precisions],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise LightSernetError(f"conversion in a process of its own failed: {last}")
        return {
            precision: (Path(folder) / f"{precision}.tflite").read_bytes()
            for precision in precisions
        }


def _convert_job(job: Path, precisions: Sequence[str]) -> None:
    from .backend import set_conventions
    from .conversion import convert
    from .light_sernet import light_sernet

    set_conventions()
    with np.load(job, allow_pickle=False) as archive:
        n_frames, n_coefficients, n_labels, width = json.loads(str(archive["shape"]))
        network = light_sernet(n_frames, n_coefficients, n_labels, width)
        network.set_weights([archive[f"w{i}"] for i in range(len(network.get_weights()))])
        representative = list(archive["representative"])
    for precision in precisions:
        flatbuffer = convert(network, precision, representative)
        (job.parent / f"{precision}.tflite").write_bytes(flatbuffer)


if __name__ == "__main__":
    _convert_job(Path(sys.argv[1]), sys.argv[2:])
