"""How many columns the engine computes at a time."""

from __future__ import annotations

from collections.abc import Sequence

from .network_plan import GROUP, round_up

# A tile works on a copy of its input, which should stay below this, in bytes:
# wide tiles widen each weight less often, narrow tiles need less RAM.
_TILE_BYTES = 10 * 1024
_OPERAND_BYTES = 2


def tile_width(
    width: int, channels: int, kernels: Sequence[tuple[int, int]], pool: tuple[int, int]
) -> int:
    """Choose the width of a stage's tiles, in columns before the pool.

    Parameters
    ----------
    width, channels : int
        Columns and channels of an input row.
    kernels : sequence of (int, int)
        Heights and widths of the convolutions.
    pool : (int, int)
        Height (time) and width of the average pool.

    Returns
    -------
    int
        All columns, or the multiple of the pool's width that gives tiles of
        about equal width within the budget.
    """
    columns = round_up(width, pool[1])
    for n_tiles in range(1, columns // pool[1] + 1):
        tile = round_up(-(-columns // n_tiles), pool[1])
        largest = max(
            operands_of_tile(tile, channels, kernel, pool[0]) * _OPERAND_BYTES for kernel in kernels
        )
        if largest <= _TILE_BYTES:
            return min(tile, width)
    return min(pool[1], width)


def operands_of_tile(tile: int, channels: int, kernel: tuple[int, int], pool_height: int) -> int:
    """Count the operands in the copy of the input for `tile` columns of one path."""
    if channels < GROUP:
        return pool_height * tile * round_up(kernel[0] * kernel[1] * channels)
    rows, columns = kernel[0] + pool_height - 1, tile + kernel[1] - 1
    return rows * columns * round_up(channels)
