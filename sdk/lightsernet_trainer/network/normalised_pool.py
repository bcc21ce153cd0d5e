"""Batch normalisation, ReLU and average pool as one operation of torch, for bfloat16 on CPUs.

A step of training is bound by memory: torch's own kernels go over the tensor before the pool some
twelve times, forward and backward, and these five times, which takes a third off a step. They are
compiled when they are first needed, for the processor at hand; without a C compiler training runs
on torch's own.
"""

from __future__ import annotations

import ctypes
import functools
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import torch

_SOURCE = Path(__file__).with_suffix(".c")
_FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")
# The kernels use one thread, torch's own all: with more they are the faster ones.
_MOST_THREADS = 3


def serves(x: torch.Tensor) -> bool:
    """Tell whether `normalised_pool` is there for a tensor, and the faster way."""
    return (
        x.dtype == torch.bfloat16
        and x.device.type == "cpu"
        and torch.get_num_threads() <= _MOST_THREADS
        and _library() is not None
    )


def normalised_pool(
    x: torch.Tensor,
    gamma: torch.Tensor,
    beta: torch.Tensor,
    epsilon: float,
    pool: tuple[int, int],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Normalise a batch by its own statistics, apply ReLU, and pool.

    Parameters
    ----------
    x : Tensor of bfloat16, shape (batch, channels, rows, columns)
        One that `serves` accepts.
    gamma, beta : Tensor of float32, shape (channels,)
        Scale and shift after the normalisation (Ioffe and Szegedy 2015).
    epsilon : float
        Added to the variance.
    pool : (int, int)
        Rows and columns of a window, which is its own stride; at the edges it averages
        what there is. (1, 1) for none.

    Returns
    -------
    y : Tensor of bfloat16, shape (batch, channels, pooled rows, pooled columns)
    mean, variance : Tensor of float32, shape (channels,)
        Of the batch; the variance is the biased one. Without gradients.
    """
    found: tuple[torch.Tensor, torch.Tensor, torch.Tensor] = _NormalisedPool.apply(
        x, gamma, beta, epsilon, pool
    )
    return found


class _Shape(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in ("images", "rows", "columns", "channels", "pool_rows", "pool_columns")
    )


class _NormalisedPool(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, gamma: Any, beta: Any, epsilon: Any, pool: Any) -> Any:
        x = x.contiguous(memory_format=torch.channels_last)
        images, channels, rows, columns = x.shape
        pixels = images * rows * columns
        mean, variance = torch.empty(channels), torch.empty(channels)
        _call("moments", x, ctypes.c_size_t(pixels), ctypes.c_size_t(channels), mean, variance)
        deviation = torch.sqrt(variance + epsilon)
        scale = gamma.detach() / deviation
        shift = beta.detach() - mean * scale
        y = torch.empty(
            (images, channels, -(-rows // pool[0]), -(-columns // pool[1])),
            dtype=x.dtype,
            memory_format=torch.channels_last,
        )
        ctx.shape = _Shape(images, rows, columns, channels, *pool)
        _call("forward", x, ctx.shape, scale, shift, y)
        ctx.save_for_backward(x, scale, shift, mean, deviation)
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        x, scale, shift, mean, deviation = ctx.saved_tensors
        gradient = gradients[0].contiguous(memory_format=torch.channels_last)
        pixels = x.numel() // x.shape[1]
        total, product = (torch.empty(x.shape[1], dtype=torch.float64) for _ in range(2))
        _call("gradient_sums", x, gradient, ctx.shape, scale, shift, total, product)
        by_beta = total.float()
        by_gamma = ((product - mean * total) / deviation).float()
        # What the batch's own mean and variance take back, linear in x (Ioffe and Szegedy 2015).
        slope = -scale * by_gamma / (deviation * pixels)
        offset = -scale * by_beta / pixels - slope * mean
        by_x = torch.empty_like(x)
        _call("backward", x, gradient, ctx.shape, scale, shift, slope, offset, by_x)
        return by_x, by_gamma, by_beta, None, None


def _call(name: str, *arguments: Any) -> None:
    library = _library()
    assert library is not None
    getattr(library, name)(*map(_pointer, arguments))


def _pointer(argument: Any) -> Any:
    if isinstance(argument, torch.Tensor):
        return ctypes.c_void_p(argument.data_ptr())
    return ctypes.byref(argument) if isinstance(argument, _Shape) else argument


@functools.cache
def _library() -> ctypes.CDLL | None:
    """Compile and load the kernels; None if that cannot be."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "normalised_pool.so"
        command = [*shlex.split(os.environ.get("CC", "cc")), *_FLAGS, str(_SOURCE), "-o", str(file)]
        try:
            subprocess.run(command, check=True, capture_output=True)
            return ctypes.CDLL(str(file))
        except (OSError, subprocess.CalledProcessError, ValueError):
            return None
