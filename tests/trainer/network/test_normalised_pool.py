"""The fused kernels beside torch's own, in float32."""

from __future__ import annotations

import os

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

# After the skip: the module imports torch.
from lightsernet_trainer.network import normalised_pool as fused  # noqa: E402

EPSILON = 1e-3


def expected(x, gamma, beta, pool):  # type: ignore[no-untyped-def]
    from torch.nn import functional

    y = functional.batch_norm(x.float(), None, None, gamma, beta, training=True, eps=EPSILON)
    return functional.avg_pool2d(functional.relu(y), pool, ceil_mode=True, count_include_pad=False)


def tensors(shape: tuple[int, ...]) -> list[torch.Tensor]:
    """Numbers far from zero mean, as after a convolution with a bias."""
    torch.manual_seed(sum(shape))
    x = (3.0 * torch.randn(shape) + 5.0).to(torch.bfloat16)
    gamma, beta = torch.rand(shape[1]) + 0.5, torch.randn(shape[1])
    return [tensor.requires_grad_() for tensor in (x, gamma, beta)]


# Odd sizes have partial windows; channels that are no multiple of the lanes a partial block.
@pytest.mark.parametrize(
    ("shape", "pool"),
    [
        ((3, 64, 47, 21), (2, 2)),
        ((2, 40, 7, 5), (2, 1)),
        ((1, 8, 3, 3), (1, 1)),
        ((2, 5, 9, 4), (2, 2)),
    ],
)
def test_values_and_gradients_are_those_of_torch(
    shape: tuple[int, int, int, int], pool: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    if fused._library() is None:
        pytest.skip("there is no C compiler")
    monkeypatch.setattr(fused, "_MOST_THREADS", os.cpu_count() or 1)
    inputs = tensors(shape)
    assert fused.serves(inputs[0])
    y, mean, variance = fused.normalised_pool(*inputs, EPSILON, pool)
    weights = torch.randn(y.shape)
    found = torch.autograd.grad((y.float() * weights).sum(), inputs)
    reference = expected(*inputs, pool)
    wanted = torch.autograd.grad((reference * weights).sum(), inputs)

    values = inputs[0].detach().float()
    torch.testing.assert_close(mean, values.mean((0, 2, 3)), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(variance, values.var((0, 2, 3), correction=0), rtol=1e-4, atol=1e-4)
    # bfloat16 has eight bits.
    torch.testing.assert_close(y.float(), reference, rtol=2**-8, atol=1e-3)
    for got, want in zip(found, wanted, strict=True):
        limit = 2**-7 * float(want.float().abs().max())
        torch.testing.assert_close(got.float(), want.float(), rtol=0.0, atol=limit)


def test_others_are_not_served() -> None:
    x = torch.zeros(1, 16, 4, 4)
    assert not fused.serves(x)


def test_without_a_compiler_torch_serves_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    fused._library.cache_clear()
    try:
        assert not fused.serves(torch.zeros(1, 16, 4, 4, dtype=torch.bfloat16))
    finally:
        fused._library.cache_clear()
