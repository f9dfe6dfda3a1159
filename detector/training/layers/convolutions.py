"""Convolutions that learn on one thread of a CPU, in half of torch's time.

On one thread torch takes a slower library for pointwise convolutions than on several, unless a batch has sixteen
images: here the cells of one map are put before it as sixteen. And the gradient of the weights of a depthwise
convolution of 5x5, for which it has no quick way at all, is a loop of our own.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import torch
from torch.nn.grad import conv2d_input
from torch.overrides import TorchFunctionMode

LEAST_KERNEL = 5  # of depthwise convolutions; torch is quick with smaller ones
BLOCK = 64  # channels whose sums stay in the cache
BATCH = 16  # images from which on torch's pointwise convolutions are quick


class QuickConvolutions(TorchFunctionMode):
    """Inside this context one thread convolves maps (1, C, H, W) in float32 in less time, with the same gradients."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Any = (), kwargs: Any = None
    ) -> Any:
        """Convolve in the quickest way; all else is as it was."""
        kwargs = {**(kwargs or {})}
        if kwargs.get("inplace"):
            kwargs["inplace"] = False  # what comes out of `_Pointwise` is part of another tensor
        if func is not torch.conv2d or kwargs or len(args) != 7 or len(args[0]) != 1 or args[0].device.type != "cpu":
            return func(*args, **kwargs)
        map, weight, bias, stride, padding, dilation, groups = args
        kernel = weight.shape[2:]
        plain = set(dilation) == {1} and not isinstance(padding, str) and map.dtype == torch.float32
        if plain and groups == 1 and (*kernel, *stride, *padding) == (1, 1, 1, 1, 0, 0):
            return _Pointwise.apply(map, weight, bias)
        square = len({*kernel}) == len({*stride}) == len({*padding}) == 1
        depthwise = groups == map.shape[1] == len(weight) and kernel[0] >= LEAST_KERNEL
        if plain and square and depthwise and bias is not None:
            return _Depthwise.apply(map, weight, bias, stride[0], padding[0])
        return func(*args)


def depthwise_gradient(
    map: npt.NDArray[np.float32], gradient: npt.NDArray[np.float32], *, kernel: int, stride: int, padding: int
) -> npt.NDArray[np.float32]:
    """Return the gradient of the weights of a depthwise convolution.

    Args:
        map: float32 (H, W, C), what was convolved.
        gradient: float32 (h, w, C), of what came out.
        kernel: Side of the kernel in cells.
        stride: Of the convolution.
        padding: Of zeros on every side.

    Returns:
        float32 (kernel, kernel, C).
    """
    sums = np.empty((kernel, kernel, map.shape[2]), np.float32)
    _add_products(np.ascontiguousarray(map), np.ascontiguousarray(gradient), stride, padding, sums)
    return sums


class _Pointwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, map, weight, bias):  # type: ignore[no-untyped-def]
        images = _as_images(map)
        ctx.save_for_backward(images, weight)
        ctx.shape, ctx.biased = map.shape, bias is not None
        return _as_map(torch.conv2d(images, weight, bias), map.shape)

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        images, weight = ctx.saved_tensors
        wanted = [*ctx.needs_input_grad[:2], ctx.biased]
        of_images, of_weight, of_bias = torch.ops.aten.convolution_backward(
            _as_images(gradient), images, weight, [len(weight)], [1, 1], [0, 0], [1, 1], False, [0, 0], 1, wanted
        )
        return None if of_images is None else _as_map(of_images, ctx.shape), of_weight, of_bias


def _as_images(map: torch.Tensor) -> torch.Tensor:
    """Return the cells of a map (1, C, H, W), and some of zeros, as sixteen images (16, C, h, 1), channels last."""
    channels = map.shape[1]
    cells = map.permute(0, 2, 3, 1).reshape(-1, channels)
    padded = torch.nn.functional.pad(cells, (0, 0, 0, -len(cells) % BATCH))
    return padded.view(BATCH, -1, 1, channels).permute(0, 3, 1, 2)


def _as_map(images: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """Return the cells of sixteen images as a map of the height and width of a shape."""
    height, width = shape[2:]
    cells = images.permute(0, 2, 3, 1).reshape(-1, images.shape[1])[: height * width]
    return cells.view(1, height, width, -1).permute(0, 3, 1, 2)


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, map, weight, bias, stride, padding):  # type: ignore[no-untyped-def]
        ctx.save_for_backward(map, weight)
        ctx.stride, ctx.padding = stride, padding
        return torch.conv2d(map, weight, bias, stride, padding, 1, len(weight))

    @staticmethod
    def backward(ctx, gradient):  # type: ignore[no-untyped-def]
        map, weight = ctx.saved_tensors
        shape = ctx.stride, ctx.padding, 1, len(weight)
        of_map = conv2d_input(map.shape, weight, gradient, *shape) if ctx.needs_input_grad[0] else None  # type: ignore[no-untyped-call]
        cells, of_cells = (tensor[0].permute(1, 2, 0).numpy() for tensor in (map, gradient))
        sums = depthwise_gradient(cells, of_cells, kernel=weight.shape[2], stride=ctx.stride, padding=ctx.padding)
        return of_map, torch.from_numpy(sums).permute(2, 0, 1)[:, None], gradient.sum((0, 2, 3)), None, None


@numba.njit(cache=True, nogil=True, fastmath=True)
def _add_products(
    map: npt.NDArray[np.float32],
    gradient: npt.NDArray[np.float32],
    stride: int,
    padding: int,
    sums: npt.NDArray[np.float32],
) -> None:
    """Fill the sums, block by block of channels.

    Arrays are flat and indices unsigned: only then does the inner loop become vector instructions.
    """
    side, channels = sums.shape[0], np.uint64(map.shape[2])
    cells, given = map.reshape(-1), gradient.reshape(-1)
    row = np.zeros((side, BLOCK), np.float32)
    for start in range(np.uint64(0), channels, np.uint64(BLOCK)):
        count = min(np.uint64(BLOCK), channels - start)
        for down in range(side):
            row[:] = 0
            for y in range(gradient.shape[0]):
                above = y * stride + down - padding
                if above < 0 or above >= map.shape[0]:
                    continue
                for x in range(gradient.shape[1]):
                    source = np.uint64(y * gradient.shape[1] + x) * channels + start
                    left = x * stride - padding
                    for right in range(max(0, -left), min(side, map.shape[1] - left)):
                        place = np.uint64(above * map.shape[1] + left + right) * channels + start
                        for channel in range(count):
                            row[right, channel] += given[source + channel] * cells[place + channel]
            for right in range(side):
                for channel in range(count):
                    sums[down, right, start + channel] = row[right, channel]
