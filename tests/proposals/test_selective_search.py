"""The search as a whole: in every mode, on any image, with any setting, and on objects that stand out."""

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sppnet.proposals import ProposalError, SelectiveSearch, selective_search
from sppnet.proposals.colours import COLOURS, Image
from sppnet.proposals.ranking import Boxes, rank, rank_by_chance
from sppnet.proposals.settings import MAX_SIDE, MODES
from tests.proposals.images import noise

SHAPES = [(1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 3), (1, 70), (70, 1), (3, 200), (200, 3), (16, 15), (47, 63)]
Pattern = Callable[[npt.NDArray[np.int64], npt.NDArray[np.int64]], npt.NDArray[np.generic]]
PATTERNS: dict[str, Pattern] = {
    "black": lambda y, x: 0 * x,
    "white": lambda y, x: 0 * x + 255,
    "grey": lambda y, x: 0 * x + 77,
    "checkerboard": lambda y, x: (x + y) % 2 * 255,
    "rows": lambda y, x: y % 2 * 255,
    "columns": lambda y, x: x // 3 % 2 * 255,
    "dots": lambda y, x: (x % 7 + y % 5 == 3) * 255,
    "one dot": lambda y, x: (x + y == 2) * 255,
    "gradient": lambda y, x: x * 3 % 256,
    "slope": lambda y, x: (x + y) // 2 % 256,
}
every_mode = pytest.mark.parametrize("mode", MODES)


def coarse_noise(shape: tuple[int, int], step: int, blocks: int, seed: int) -> Image:
    """Return noise of a few levels in squares of so many pixels."""
    coarse = noise(shape, seed) // step * step
    return coarse.repeat(blocks, axis=0).repeat(blocks, axis=1)[: shape[0], : shape[1]].astype(np.uint8)


def picture(shape: tuple[int, int], pattern: str) -> Image:
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.repeat(PATTERNS[pattern](y, x)[..., None], 3, axis=2).astype(np.uint8)


def scene() -> Image:
    """Return a noisy grey picture with a red rectangle at x 20 to 60, y 30 to 90, and a blue one at x 70, y 10."""
    image = noise((120, 160)) // np.uint8(16) + np.uint8(120)
    image[30:90, 20:60] = [200, 30, 30]
    image[10:50, 70:150] = [30, 30, 200]
    return image


def lattice() -> Image:
    """Return diagonal lines in two directions that cross at the corners of pixels."""
    y, x = np.mgrid[:250, :250]
    image = np.full((250, 250, 3), 128, np.uint8)
    image[(x - y) % 6 == 0] = 188
    image[(x + y) % 6 == 1] = 68
    return image


def best_overlap(windows: Boxes, box: list[int]) -> float:
    sides = np.minimum(windows[:, 2:], box[2:]) - np.maximum(windows[:, :2], box[:2])
    common = sides.clip(0).prod(axis=1)
    areas = (windows[:, 2:] - windows[:, :2]).prod(axis=1) + (box[2] - box[0]) * (box[3] - box[1])
    return float((common / (areas - common)).max())


def assert_sound(windows: Boxes, shape: tuple[int, ...], limit: int = 2000) -> None:
    height, width = shape[:2]
    assert windows.dtype == np.float32
    assert windows[0].tolist() == [0, 0, width, height]
    assert (windows[:, :2] >= 0).all()
    assert (windows[:, :2] < windows[:, 2:]).all()
    assert (windows[:, 2:] <= [width, height]).all()
    assert (windows == np.rint(windows)).all()
    assert len(np.unique(windows, axis=0)) == len(windows) <= limit


def as_set(windows: Boxes) -> set[tuple[float, ...]]:
    return set(map(tuple, windows.tolist()))


def images() -> st.SearchStrategy[Image]:
    shapes = st.one_of(st.sampled_from(SHAPES), st.tuples(st.integers(1, 40), st.integers(1, 40)))
    noises = st.builds(coarse_noise, shapes, st.sampled_from([1, 16, 64, 255]), st.integers(1, 9), st.integers(0, 99))
    return st.one_of(noises, st.builds(picture, shapes, st.sampled_from(sorted(PATTERNS))))


def searches() -> st.SearchStrategy[SelectiveSearch]:
    return st.builds(
        SelectiveSearch,
        mode=st.sampled_from(sorted(MODES)),
        k=st.none() | st.lists(st.floats(0.5, 100), min_size=1, max_size=2),
        min_size=st.none() | st.integers(0, 20),
        min_side=st.none() | st.just(1),
        scale=st.none() | st.floats(0.001, 1),
        work_pixels=st.none() | st.integers(1, 2000),
        limit=st.integers(1, 60),
        seed=st.integers(0, 99),
    )


@settings(deadline=None, derandomize=True, max_examples=150)
@given(image=images(), search=searches())
def test_any_search_of_any_image_is_sound_and_repeatable(image: Image, search: SelectiveSearch) -> None:
    windows = search(image)

    assert_sound(windows, image.shape, search.limit)
    np.testing.assert_array_equal(windows, search(image))


@pytest.mark.parametrize("shape", [(1, MAX_SIDE), (MAX_SIDE, 1), (3000, 20)])
def test_a_long_image_has_sound_windows(shape: tuple[int, int]) -> None:
    assert_sound(SelectiveSearch(k=[10], min_size=1, min_side=1)(noise(shape)), shape)


def test_regions_that_cross_at_corners_have_sound_windows() -> None:
    assert_sound(SelectiveSearch(mode="exact", k=[10], min_size=1, min_side=1)(lattice()), (250, 250))


def test_more_regions_than_can_be_numbered_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selective_search, "MAX_REGIONS", 9)

    with pytest.raises(ProposalError, match=r"may have 9 regions, not \d+: choose a larger min_size"):
        SelectiveSearch(k=[1], min_size=1)(noise((60, 80)))


@pytest.mark.parametrize("colours", COLOURS)
def test_an_object_that_stands_out_is_found_in_every_colour_space(colours: str) -> None:
    windows = SelectiveSearch(colours=[colours])(scene())

    assert best_overlap(windows, [20, 30, 60, 90]) > 0.9


@every_mode
def test_objects_that_stand_out_are_found(mode: str) -> None:
    windows = SelectiveSearch(mode=mode)(scene())

    assert best_overlap(windows, [20, 30, 60, 90]) > 0.9
    assert best_overlap(windows, [70, 10, 150, 50]) > 0.9


@every_mode
def test_an_object_is_among_the_first_windows(mode: str) -> None:
    image = np.full((120, 160, 3), 90, np.uint8)
    image[30:90, 20:60] = [200, 30, 30]

    assert best_overlap(SelectiveSearch(mode=mode, limit=10)(image), [20, 30, 60, 90]) > 0.85


def windows_as_set(**given: object) -> set[tuple[float, ...]]:
    usual: dict[str, Any] = {"colours": ["lab"], "k": [20], "strategies": [["size", "fill"]], "min_size": 5}
    return as_set(SelectiveSearch(**usual | given, limit=100_000)(noise((60, 80))))


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize(
    ("setting", "first", "second"),
    [("colours", "hsv", "rgb"), ("k", 40, 200), ("strategies", ["colour"], ["colour", "texture", "fill"])],
)
def test_windows_are_those_of_all_hierarchies(setting: str, first: object, second: object, exact: bool) -> None:
    given = ({setting: those, "exact": exact} for those in ([first], [second], [first, second]))

    of_first, of_second, of_both = (windows_as_set(**those) for those in given)

    assert of_first - of_second and of_second - of_first
    assert of_both == of_first | of_second


@every_mode
def test_there_is_a_hierarchy_for_each_colour_space_k_and_strategy(mode: str) -> None:
    search = SelectiveSearch(mode=mode)

    hierarchies = list(search.hierarchies(scene()))

    assert len(hierarchies) == len(search.colours) * len(search.k) * len(search.strategies)
    assert all(boxes[-1].tolist() == [0, 0, 160, 120] for boxes in hierarchies)
    assert all(boxes.dtype == np.int32 and len(boxes) % 2 == 1 for boxes in hierarchies)


@pytest.mark.parametrize("exact", [False, True])
def test_a_larger_k_gives_fewer_regions(exact: bool) -> None:
    search = SelectiveSearch(exact=exact, k=[5, 20, 80], strategies=[["size"]], colours=["lab"], min_size=1)

    counts = [len(boxes) for boxes in search.hierarchies(scene())]

    assert counts[0] > counts[1] > counts[2]


@pytest.mark.parametrize("exact", [False, True])
def test_a_larger_min_size_gives_fewer_regions(exact: bool) -> None:
    searches = [SelectiveSearch(k=[5], colours=["lab"], min_size=size, exact=exact) for size in (1, 20, 400)]

    first, second, third = (len(next(search.hierarchies(scene()))) for search in searches)

    assert first > second > third


def test_the_ranking_is_by_chance_where_the_search_is_exact() -> None:
    search = SelectiveSearch(mode="exact", k=[20], seed=3)

    expected = rank_by_chance(list(search.hierarchies(scene())), min_side=20, limit=2000, seed=3)

    np.testing.assert_array_equal(search(scene()), expected)


def test_the_ranking_puts_like_windows_last_where_the_search_is_not_exact() -> None:
    search = SelectiveSearch(k=[20], seed=3)

    expected = rank(list(search.hierarchies(scene())), min_side=15, limit=2000, seed=3)

    np.testing.assert_array_equal(search(scene()), expected)


def test_the_same_seed_gives_the_same_windows() -> None:
    search = SelectiveSearch(k=[20], min_size=5, seed=3)

    np.testing.assert_array_equal(search(noise((60, 80))), pickle.loads(pickle.dumps(search))(noise((60, 80))))


def test_another_seed_gives_the_same_windows_in_another_order() -> None:
    first, second = (SelectiveSearch(k=[20], min_size=5, seed=seed)(noise((60, 80))) for seed in (0, 1))

    assert not np.array_equal(first, second)
    assert as_set(first) == as_set(second)


@pytest.mark.parametrize("mode", ["fast", "exact"])
def test_a_lower_limit_gives_the_first_windows(mode: str) -> None:
    few, many = (
        SelectiveSearch(mode=mode, k=[5], min_size=2, min_side=1, limit=limit)(noise((60, 80))) for limit in (37, 2000)
    )

    assert len(few) == 37
    np.testing.assert_array_equal(few, many[:37])


@pytest.mark.parametrize("scale", [1, 0.4])
def test_windows_narrower_or_shorter_than_asked_are_left_out(scale: float) -> None:
    image = noise((60, 80))
    every, large = (SelectiveSearch(k=[20], min_size=2, min_side=side, scale=scale)(image) for side in (1, 30))

    sides = every[:, 2:] - every[:, :2]
    assert as_set(large) == as_set(every[sides.min(axis=1) >= 30])
    assert 1 < len(large) < len(every)


def test_an_image_smaller_than_the_smallest_window_is_one_window() -> None:
    assert SelectiveSearch(min_side=30)(noise((20, 80))).tolist() == [[0, 0, 80, 20]]


@pytest.mark.parametrize(
    ("shape", "given", "small"),
    [
        ((67, 101), {"scale": 0.3}, (21, 31)),  # 20.1 by 30.3, rounded up
        ((200, 300), {"work_pixels": 15_000}, (100, 150)),
        ((200, 300), {"work_pixels": 15_000, "scale": 0.25}, (50, 75)),
        ((200, 300), {"work_pixels": 15_000, "scale": 0.75}, (100, 150)),
        ((1, 3000), {"scale": 0.5}, (1, 1500)),
        ((3000, 1), {"work_pixels": 30}, (300, 1)),
    ],
)
def test_a_shrunk_search_is_that_of_the_smaller_image(
    shape: tuple[int, int], given: dict[str, Any], small: tuple[int, int]
) -> None:
    image, enlarge = noise(shape), np.array([shape[1], shape[0]] * 2) / np.array([small[1], small[0]] * 2)

    found = list(SelectiveSearch(k=[10], min_size=2, **given).hierarchies(image))

    smaller = cv2.resize(image, small[::-1], interpolation=cv2.INTER_AREA).reshape(*small, 3).astype(np.uint8)
    expected = [np.rint(boxes * enlarge) for boxes in SelectiveSearch(k=[10], min_size=2).hierarchies(smaller)]
    assert [boxes.tolist() for boxes in found] == [boxes.tolist() for boxes in expected]


@pytest.mark.parametrize(("scale", "shape"), [(0.3, (67, 101)), (0.51, (99, 100)), (0.99, (31, 997))])
def test_what_touches_the_border_of_the_small_image_touches_that_of_the_image(
    scale: float, shape: tuple[int, int]
) -> None:
    search = SelectiveSearch(k=[10], min_size=2, scale=scale)
    small = search._shrink(noise(shape))

    found = np.concatenate(list(search.hierarchies(noise(shape))))
    inside = np.concatenate(list(SelectiveSearch(k=[10], min_size=2).hierarchies(small)))

    borders, small_borders = [0, 0, *shape[::-1]], [0, 0, *small.shape[1::-1]]
    np.testing.assert_array_equal(found == borders, inside == small_borders)
    assert (found == borders).any(axis=0).all()


@pytest.mark.parametrize("given", [{"scale": 1}, {"work_pixels": 60 * 80}])
def test_an_image_of_no_more_than_the_work_pixels_is_searched_as_it_is(given: dict[str, Any]) -> None:
    search = SelectiveSearch(k=[10], min_size=2, **given)

    np.testing.assert_array_equal(search(noise((60, 80))), SelectiveSearch(k=[10], min_size=2)(noise((60, 80))))


def test_pixels_of_the_small_image_count_towards_the_smallest_region() -> None:
    search = SelectiveSearch(k=[1], min_size=100, scale=0.5)

    regions = next(search.hierarchies(noise((60, 80))))

    assert len(regions) // 2 + 1 <= 30 * 40 / 100


@pytest.mark.parametrize("exact", [False, True])
def test_an_image_that_cannot_be_written_to_is_searched_and_stays_as_it_is(exact: bool) -> None:
    image, search = scene(), SelectiveSearch(exact=exact)
    image.flags.writeable = False

    windows = search(image)

    np.testing.assert_array_equal(image, scene())
    np.testing.assert_array_equal(windows, search(scene()))


@pytest.mark.parametrize("colours", ["rgb", "lab"])
def test_a_mirrored_view_is_an_image_like_any_other(colours: str) -> None:
    search, view = SelectiveSearch(colours=[colours]), scene()[::-1, ::-1]

    windows = search(view)

    np.testing.assert_array_equal(windows, search(view.copy()))
    np.testing.assert_array_equal(view, scene()[::-1, ::-1])


def test_a_window_into_a_larger_image_is_an_image_like_any_other() -> None:
    search, view = SelectiveSearch(colours=["rgb"]), scene().transpose(1, 0, 2)[3:-1:2, 5:]

    np.testing.assert_array_equal(search(view), search(view.copy()))


def test_several_threads_may_search_at_once() -> None:
    search, images = SelectiveSearch(k=[10], min_size=5), [noise((60, 80), seed) for seed in range(8)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(search, images))

    assert [windows.tolist() for windows in found] == [search(image).tolist() for image in images]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 4, 3), np.float32), "an image must be a uint8 array, not float32"),
        ([[[1, 2, 3]]], "an image must be a uint8 array, not list"),
        (None, "an image must be a uint8 array, not NoneType"),
        (np.zeros((4, 4), np.uint8), r"an image must be \(H, W, 3\) with sides of 1 to 65535, not \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"\(4, 4, 4\)"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
        (np.zeros((4, 0, 3), np.uint8), r"\(4, 0, 3\)"),
        (np.zeros((1, MAX_SIDE + 1, 3), np.uint8), r"\(1, 65536, 3\)"),
    ],
)
def test_what_is_no_image_is_refused(image: Image, message: str) -> None:
    with pytest.raises(ProposalError, match=message):
        SelectiveSearch()(image)


@pytest.mark.parametrize(
    "given",
    [
        {"sigma": 10},
        {"k": [1e-6, 1e9]},
        {"min_size": 2**24},
        {"min_side": MAX_SIDE},
        {"scale": 1e-9},
        {"work_pixels": 1},
        {"limit": 10**9},
        {"seed": 10**20},
    ],
)
def test_the_ends_of_the_ranges_are_allowed(given: dict[str, Any]) -> None:
    assert_sound(SelectiveSearch(**given)(noise((20, 30))), (20, 30))


def test_a_search_is_the_same_after_pickling() -> None:
    search = SelectiveSearch(k=[10], work_pixels=50)

    copy = pickle.loads(pickle.dumps(search))

    assert copy == search
    assert hash(copy) == hash(search)
    assert repr(copy) == repr(search)


@pytest.mark.parametrize("search", [SelectiveSearch(mode="quality"), SelectiveSearch(scale=0.001, limit=3, k=[10])])
def test_a_search_prints_as_what_makes_it(search: SelectiveSearch) -> None:
    assert eval(repr(search)) == search


def test_a_search_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        SelectiveSearch().limit = 5  # type: ignore[misc]
