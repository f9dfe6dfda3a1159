"""The order of windows against a plain reading of the paper, and where windows are much alike."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sppnet.proposals.ranking import Boxes, rank, rank_by_chance
from sppnet.proposals.superpixels import Ints
from tests.proposals.images import few_examples

Ranked = Callable[..., Boxes]
RANKINGS: list[Ranked] = [rank, rank_by_chance]
SIDES = (300, 200)


def random_hierarchies(seed: int, *, lengths: tuple[int, ...] = (41, 1, 99), room: int = 30) -> list[Ints]:
    """Return boxes of which many are the same or much alike: small ones and large ones within so many pixels."""
    rng = np.random.default_rng(seed)
    hierarchies = []
    for length in lengths:
        corners = rng.integers(0, room, (length, 2))
        sides = rng.integers(1, room, (length, 2)) + rng.choice([0, 90], (length, 1))
        boxes = np.hstack([corners, corners + sides]).astype(np.int32)
        boxes[-1] = 0, 0, *SIDES
        hierarchies.append(boxes)
    return hierarchies


def nested(count: int) -> Ints:
    """Return a hierarchy of boxes each of which holds all before it, and no two of which are much alike."""
    sides = np.rint(1.5 ** np.arange(count)).astype(np.int32)
    return np.stack([np.zeros(count, np.int32), np.zeros(count, np.int32), sides, sides], axis=1)


def all_of(
    hierarchies: Iterable[Ints], ranked: Ranked, *, min_side: int = 1, limit: int = 10_000, seed: int = 0
) -> Boxes:
    return ranked(list(hierarchies), min_side=min_side, limit=limit, seed=seed)


@few_examples
@given(seed=st.integers(0, 10**6), min_side=st.integers(1, 30))
def test_windows_by_chance_are_in_the_order_of_the_paper(seed: int, min_side: int) -> None:
    hierarchies = random_hierarchies(seed)

    windows = all_of(hierarchies, rank_by_chance, min_side=min_side, seed=seed)

    assert windows.tolist() == plain_order(hierarchies, power=1, min_side=min_side, seed=seed)


@few_examples
@given(seed=st.integers(0, 10**6), min_side=st.integers(1, 30))
def test_windows_like_an_earlier_one_come_after_all_others(seed: int, min_side: int) -> None:
    hierarchies = random_hierarchies(seed)

    windows = all_of(hierarchies, rank, min_side=min_side, seed=seed)

    order = plain_order(hierarchies, power=0.5, min_side=min_side, seed=seed)
    shapes = [plain_shape(box) for box in order]
    is_first = [shape not in shapes[:place] for place, shape in enumerate(shapes)]
    alike = [box for box, first in zip(order, is_first, strict=True) if not first]
    assert windows.tolist() == [box for box, first in zip(order, is_first, strict=True) if first] + alike


@few_examples
@given(seed=st.integers(0, 10**6))
def test_a_box_a_pixel_off_another_comes_last(seed: int) -> None:
    hierarchy = np.array([[2, 1, 80, 81], [1, 1, 80, 80], [10, 0, 20, 60], [0, 0, *SIDES]], np.int32)

    assert all_of([hierarchy], rank, seed=seed)[3, 2] == 80


@pytest.mark.parametrize("ranked", RANKINGS)
def test_the_whole_image_comes_first(ranked: Ranked) -> None:
    assert all_of(random_hierarchies(0), ranked)[0].tolist() == [0, 0, *SIDES]


@pytest.mark.parametrize("ranked", RANKINGS)
def test_no_window_comes_twice(ranked: Ranked) -> None:
    hierarchies = random_hierarchies(0, room=6)

    windows = all_of(hierarchies, ranked)

    np.testing.assert_array_equal(np.unique(windows, axis=0), np.unique(np.concatenate(hierarchies), axis=0))
    assert len(windows) == len(np.unique(windows, axis=0)) < sum(map(len, hierarchies))


@pytest.mark.parametrize("ranked", RANKINGS)
def test_windows_narrower_or_shorter_than_asked_are_left_out(ranked: Ranked) -> None:
    hierarchy = np.array([[0, 0, 9, 50], [0, 0, 50, 9], [5, 5, 15, 15], [0, 0, *SIDES]], np.int32)

    assert all_of([hierarchy], ranked, min_side=10).tolist() == [[0, 0, *SIDES], [5, 5, 15, 15]]


@pytest.mark.parametrize("ranked", RANKINGS)
def test_the_whole_image_may_be_smaller_than_asked(ranked: Ranked) -> None:
    assert all_of([nested(5)], ranked, min_side=100).tolist() == [[0, 0, 5, 5]]


@pytest.mark.parametrize("ranked", RANKINGS)
def test_a_lower_limit_gives_the_first_windows(ranked: Ranked) -> None:
    few, many = (all_of(random_hierarchies(0), ranked, limit=limit) for limit in (30, 10_000))

    np.testing.assert_array_equal(few, many[:30])


@pytest.mark.parametrize("ranked", RANKINGS)
def test_another_seed_gives_the_same_windows_in_another_order(ranked: Ranked) -> None:
    first, second = (all_of(random_hierarchies(0), ranked, seed=seed) for seed in (0, 1))

    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.unique(first, axis=0), np.unique(second, axis=0))


@pytest.mark.parametrize("ranked", RANKINGS)
def test_the_large_windows_of_a_hierarchy_tend_to_come_first(ranked: Ranked) -> None:
    places = np.array([all_of([nested(20)], ranked, seed=seed)[:, 2] for seed in range(50)])

    logarithms = np.log(places).mean(axis=0)

    assert logarithms[0] > logarithms[1:6].mean() > logarithms[6:13].mean() > logarithms[13:].mean()


def test_the_root_of_chance_mixes_less_than_chance_itself() -> None:
    def disorder(ranked: Ranked) -> float:
        orders = [np.log(all_of([nested(20)], ranked, seed=seed)[:, 2]) for seed in range(50)]
        return float(np.mean([np.abs(np.diff(order)).sum() for order in orders]))

    assert disorder(rank) < disorder(rank_by_chance)


@pytest.mark.parametrize("ranked", RANKINGS)
def test_the_largest_coordinates_are_kept_exactly(ranked: Ranked) -> None:
    hierarchy = np.array(
        [[65_534, 65_533, 65_535, 65_535], [65_533, 0, 65_535, 65_535], [0, 0, 65_535, 65_535]], np.int32
    )

    windows = all_of([hierarchy], ranked)

    np.testing.assert_array_equal(np.unique(windows, axis=0), np.unique(hierarchy, axis=0))


@pytest.mark.parametrize("ranked", RANKINGS)
def test_the_hierarchies_stay_as_they_are(ranked: Ranked) -> None:
    hierarchies = random_hierarchies(0)

    all_of(hierarchies, ranked)

    np.testing.assert_array_equal(np.concatenate(hierarchies), np.concatenate(random_hierarchies(0)))


def plain_order(hierarchies: list[Ints], *, power: float, min_side: int, seed: int) -> list[list[int]]:
    """Return the boxes by the distance from the top of their hierarchy times a power of chance, each once."""
    chances = iter(np.random.default_rng(seed).random(sum(map(len, hierarchies))).tolist())
    whole = hierarchies[0][-1].tolist()
    queue = []
    for hierarchy in hierarchies:
        for place, box in enumerate(hierarchy.tolist()):
            queue.append(((len(hierarchy) - place) * next(chances) ** power, box))
    order = [whole]
    for _, box in sorted(queue):
        if box not in order and min(box[2] - box[0], box[3] - box[1]) >= min_side:
            order.append(box)
    return order


def plain_shape(box: list[int]) -> tuple[int, ...]:
    """Return the edges of a box on the coarsest grid of a power of two on which it is at least four cells wide."""
    shape = []
    for first, last in ((box[0], box[2]), (box[1], box[3])):
        cell = 1
        while last - first >= 8 * cell:
            cell *= 2
        shape += [cell, (first + cell // 2) // cell, (last + cell // 2) // cell]
    return tuple(shape)
