"""Tests of the pooling that gradients flow through: the kernel's vectors, torch's and torchvision's gradients."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torchvision.ops import roi_pool

from sppnet.detector.pooling.differentiable import pool_differentiably
from sppnet.detector.pooling.pyramid import LEVELS
from tests.detector.pooling.pooled import pooled
from tests.detector.pooling.test_kernels import plain_pooling, random_cells

Cells = npt.NDArray[np.int32]
NONE = np.zeros((0, 4), np.int32)
pyramids = pytest.mark.parametrize("levels", [LEVELS, (5, 3), (2, 2), (3, 6)])


def negative_map(height: int, width: int, channels: int) -> torch.Tensor:
    """Return a map (1, C, H, W), channels last, of different values that are all below 0."""
    values = np.random.default_rng(0).permutation(height * width * channels).astype(np.float32)
    return torch.from_numpy(-1 - values.reshape(1, height, width, channels)).permute(0, 3, 1, 2)


def regions_pooling(map: torch.Tensor, cells: Cells, levels: Sequence[int]) -> torch.Tensor:
    corners = torch.from_numpy(cells - np.array([0, 0, 1, 1], np.int32)).float()
    regions = torch.cat([torch.zeros_like(corners[:, :1]), corners], dim=1)
    parts = [roi_pool(map.contiguous(), regions, level).flatten(2).transpose(1, 2).flatten(1) for level in levels]
    return torch.cat(parts, dim=1)


@pyramids
def test_vectors_are_those_of_the_kernel_bit_for_bit(levels: tuple[int, ...]) -> None:
    map, cells = negative_map(11, 14, 5), random_cells(11, 14, 60)

    vectors = pool_differentiably(map, cells, levels)

    expected = pooled(map[0].permute(1, 2, 0).contiguous().numpy(), cells, levels)
    np.testing.assert_array_equal(vectors.numpy(), expected)


@pyramids
@pytest.mark.parametrize("oracle", [plain_pooling, regions_pooling])
def test_gradients_are_those_of_torch_and_torchvision(
    oracle: Callable[..., torch.Tensor], levels: tuple[int, ...]
) -> None:
    cells = random_cells(11, 14, 40)
    ours, theirs = (negative_map(11, 14, 5).requires_grad_() for _ in range(2))
    vectors, expected = pool_differentiably(ours, cells, levels), oracle(theirs, cells, levels)
    weights = torch.rand(vectors.shape, generator=torch.Generator().manual_seed(0))

    (vectors * weights).sum().backward()  # type: ignore[no-untyped-call]
    (expected * weights).sum().backward()  # type: ignore[no-untyped-call]

    assert ours.grad is not None and theirs.grad is not None
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-5, atol=1e-5)


def test_a_cell_gets_the_gradients_of_all_bins_that_it_fills() -> None:
    map = torch.tensor([[[[1.0, 2.0]]]], requires_grad=True)

    pool_differentiably(map, np.array([[0, 0, 2, 1], [0, 0, 1, 1]], np.int32), (1, 2)).sum().backward()  # type: ignore[no-untyped-call]

    # The first window has 2 as its maximum and in two of four bins; the second has 1 in all of its five.
    assert map.grad is not None
    assert map.grad.flatten().tolist() == [2 + 5, 1 + 2]


def test_of_equal_cells_one_gets_the_gradient() -> None:
    map = torch.zeros((1, 3, 6, 6), requires_grad=True)

    pool_differentiably(map, np.array([[0, 0, 6, 6]], np.int32), (3, 1)).sum().backward()  # type: ignore[no-untyped-call]

    assert map.grad is not None
    assert map.grad.sum(dim=(2, 3)).tolist() == [[10, 10, 10]]


def test_the_map_and_the_gradient_may_lie_in_memory_in_any_way() -> None:
    map, cells = negative_map(5, 6, 4), random_cells(5, 6, 8)
    last, first = (
        map.clone(memory_format=form).requires_grad_() for form in (torch.channels_last, torch.contiguous_format)
    )
    upstream = torch.rand((14 * 4, 8), generator=torch.Generator().manual_seed(0)).T

    pool_differentiably(last, cells, (1, 2, 3)).backward(upstream)  # type: ignore[no-untyped-call]
    pool_differentiably(first, cells, (1, 2, 3)).backward(upstream.contiguous())  # type: ignore[no-untyped-call]

    assert last.grad is not None and first.grad is not None
    assert torch.equal(last.grad, first.grad)


def test_no_windows_give_no_vectors_and_no_gradient() -> None:
    map = negative_map(4, 4, 3).requires_grad_()

    vectors = pool_differentiably(map, NONE)
    vectors.sum().backward()  # type: ignore[no-untyped-call]

    assert vectors.shape == (0, 150) and map.grad is not None
    assert not map.grad.any()
