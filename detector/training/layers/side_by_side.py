"""The images of a batch on one thread each: forward and backward, with gradients that do not depend on who was first.

The threads of a conv layer wait for each other by spinning after every layer; images need not wait for each other.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import cast

import torch

from .convolutions import QuickConvolutions

Computation = Callable[[], torch.Tensor]


def side_by_side(
    computations: Sequence[Computation], parameters: Sequence[torch.Tensor], pool: Executor
) -> list[torch.Tensor]:
    """Return what the computations return, in order, as tensors through which a gradient reaches the parameters.

    Args:
        computations: Called in threads of the pool; they draw no random numbers.
        parameters: All that learns in them.
        pool: Its threads compute with one thread each.
    """
    return list(cast("tuple[torch.Tensor, ...]", _SideBySide.apply(computations, pool, *parameters)))


class _SideBySide(torch.autograd.Function):
    @staticmethod
    def forward(ctx, computations, pool, *parameters):  # type: ignore[no-untyped-def]
        ctx.pool, ctx.parameters = pool, parameters
        ctx.results = list(pool.map(_computed, computations))
        return tuple(result.detach() for result in ctx.results)

    @staticmethod
    def backward(ctx, *gradients):  # type: ignore[no-untyped-def]
        def of_parameters(result: torch.Tensor, gradient: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return tuple(torch.autograd.grad(result, ctx.parameters, gradient, materialize_grads=True))

        first, *others = ctx.pool.map(of_parameters, ctx.results, gradients)
        for other in others:  # in order, so that sums are the same every time
            for total, gradient in zip(first, other, strict=True):
                total.add_(gradient)
        return None, None, *first


def _computed(computation: Computation) -> torch.Tensor:
    with torch.enable_grad(), QuickConvolutions():
        return computation()
