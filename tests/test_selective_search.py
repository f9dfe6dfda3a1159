"""The search as a whole: on any image, with any setting, and on objects that stand out."""

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from proposals import ProposalError, SelectiveSearch
from proposals.selective_search import COLOURS, MAX_SIDE, Boxes, Image, _convert, _smooth, _textures

CLASSIC = SelectiveSearch(
    k=(50, 100),
    strategies=(("colour", "texture", "size", "fill"), ("texture", "size", "fill")),
    min_size=None,
    min_side=20,
    exact=True,
)
SEARCHES = {
    "default": SelectiveSearch(),
    "classic": CLASSIC,
    "small windows": SelectiveSearch(k=[10], min_size=1, min_side=1),
}
SHAPES = [(1, 1), (1, 2), (2, 1), (1, 70), (70, 1), (2, 2), (3, 200), (200, 3), (16, 15), (60, 80)]
ROWS, COLUMNS = np.mgrid[:60, :80]
PATTERNS = {
    "constant": np.full((60, 80), 77),
    "black": np.zeros((60, 80)),
    "white": np.full((60, 80), 255),
    "checkerboard": (ROWS + COLUMNS) % 2 * 255,
    "stripes": ROWS // 3 % 2 * 255,
    "gradient": COLUMNS * 3,
}


def noise(shape: tuple[int, int], seed: int = 0) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3)).astype(np.uint8)


def scene() -> Image:
    """Return a noisy grey picture with a red rectangle at x 20 to 60, y 30 to 90, and a blue one at x 70, y 10."""
    image = noise((120, 160)) // np.uint8(16) + np.uint8(120)
    image[30:90, 20:60] = [200, 30, 30]
    image[10:50, 70:150] = [30, 30, 200]
    return image


def best_overlap(windows: Boxes, box: list[int]) -> float:
    sides = np.minimum(windows[:, 2:], box[2:]) - np.maximum(windows[:, :2], box[:2])
    common = sides.clip(0).prod(axis=1)
    areas = (windows[:, 2:] - windows[:, :2]).prod(axis=1) + (box[2] - box[0]) * (box[3] - box[1])
    return float((common / (areas - common)).max())


def assert_sound(windows: Boxes, shape: tuple[int, int], limit: int = 2000) -> None:
    height, width = shape
    assert windows.dtype == np.float32
    assert windows[0].tolist() == [0, 0, width, height]
    assert (windows[:, :2] >= 0).all()
    assert (windows[:, :2] < windows[:, 2:]).all()
    assert (windows[:, 2:] <= [width, height]).all()
    assert len(np.unique(windows, axis=0)) == len(windows) <= limit


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
@pytest.mark.parametrize("shape", SHAPES)
def test_an_image_of_any_shape_has_sound_windows(search: SelectiveSearch, shape: tuple[int, int]) -> None:
    assert_sound(search(noise(shape)), shape)


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_an_image_of_any_content_has_sound_windows(search: SelectiveSearch, pattern: npt.NDArray[np.int64]) -> None:
    image = np.repeat(pattern[..., None], 3, axis=2).astype(np.uint8)

    assert_sound(search(image), (60, 80))


@pytest.mark.parametrize("colours", COLOURS)
def test_every_colour_space_can_be_searched(colours: str) -> None:
    assert_sound(SelectiveSearch(colours=[colours], k=[50])(scene()), (120, 160))


@pytest.mark.parametrize("seed", range(5))
def test_windows_are_sound_below_any_limit(seed: int) -> None:
    search = SelectiveSearch(k=[20], min_size=5, min_side=1, limit=37, seed=seed)

    windows = search(noise((50, 60), seed))

    assert len(windows) == 37
    assert_sound(windows, (50, 60), limit=37)


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_objects_that_stand_out_are_found(search: SelectiveSearch) -> None:
    windows = search(scene())

    assert best_overlap(windows, [20, 30, 60, 90]) > 0.9
    assert best_overlap(windows, [70, 10, 150, 50]) > 0.9


def windows_as_set(**settings: Sequence[object]) -> set[tuple[float, ...]]:
    usual: dict[str, Any] = {"colours": ["lab"], "k": [20], "strategies": [["size", "fill"]], "min_size": 5}
    search = SelectiveSearch(**usual | settings, limit=100_000)
    return set(map(tuple, search(noise((60, 80))).tolist()))


@pytest.mark.parametrize(
    ("setting", "first", "second"),
    [("colours", "hsv", "rgb"), ("k", 10, 40), ("strategies", ["colour"], ["colour", "texture", "fill"])],
)
def test_windows_are_those_of_all_hierarchies(setting: str, first: object, second: object) -> None:
    of_first, of_second, of_both = (windows_as_set(**{setting: s}) for s in ([first], [second], [first, second]))

    assert of_first - of_second and of_second - of_first
    assert of_both == of_first | of_second


def test_the_large_windows_of_a_hierarchy_come_first() -> None:
    windows = SelectiveSearch(colours=["lab"], k=[20], strategies=[["size"]], min_size=5, min_side=1)(noise((60, 80)))
    areas = (windows[:, 2:] - windows[:, :2]).prod(axis=1)
    quarter = len(areas) // 4

    assert quarter > 20
    assert areas[1:quarter].mean() > 3 * areas[-quarter:].mean()  # without the whole image


def test_the_same_seed_gives_the_same_windows() -> None:
    image = noise((60, 80))
    search = SelectiveSearch(k=[20], min_size=5, seed=3)

    np.testing.assert_array_equal(search(image), pickle.loads(pickle.dumps(search))(image))


def test_another_seed_gives_the_same_windows_in_another_order() -> None:
    image = noise((60, 80))

    first, second = (SelectiveSearch(k=[20], min_size=5, seed=seed)(image) for seed in (0, 1))

    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.unique(first, axis=0), np.unique(second, axis=0))


def test_a_lower_limit_gives_the_first_windows() -> None:
    image = noise((60, 80))

    few, many = (SelectiveSearch(k=[20], min_size=5, limit=limit)(image) for limit in (10, 2000))

    np.testing.assert_array_equal(few, many[:10])


def test_windows_narrower_or_shorter_than_asked_are_left_out() -> None:
    windows = SelectiveSearch(k=[20], min_size=5, min_side=30)(noise((60, 80)))

    assert (windows[:, 2:] - windows[:, :2] >= 30).all()


def test_an_image_smaller_than_the_smallest_window_is_one_window() -> None:
    assert SelectiveSearch(min_side=30)(noise((20, 80))).tolist() == [[0, 0, 80, 20]]


def test_the_image_stays_as_it_is() -> None:
    image = scene()
    image.flags.writeable = False

    SelectiveSearch()(image)

    np.testing.assert_array_equal(image, scene())


def test_a_mirrored_view_is_an_image_like_any_other() -> None:
    image = scene()[:, ::-1]

    np.testing.assert_array_equal(SelectiveSearch()(image), SelectiveSearch()(image.copy()))


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 4, 3), np.float32), "float32"),
        ([[[1, 2, 3]]], "list"),
        (np.zeros((4, 4), np.uint8), r"\(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"\(4, 4, 4\)"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
        (np.zeros((1, MAX_SIDE + 1, 3), np.uint8), r"\(1, 65536, 3\)"),
    ],
)
def test_what_is_no_image_is_refused(image: Image, message: str) -> None:
    with pytest.raises(ProposalError, match=message):
        SelectiveSearch()(image)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"colours": []}, r"colours must be some of .*, not \(\)"),
        ({"colours": ["hsv", "cmyk"]}, "cmyk"),
        ({"k": []}, "k must be positive numbers"),
        ({"k": [100, -3]}, "-3"),
        ({"k": [float("nan")]}, "nan"),
        ({"strategies": []}, "strategies"),
        ({"strategies": [[]]}, "strategies"),
        ({"strategies": [["colour", "smell"]]}, "smell"),
        ({"sigma": -0.5}, "sigma must be 0 to 10, not -0.5"),
        ({"sigma": float("nan")}, "nan"),
        ({"min_size": 0}, "min_size"),
        ({"min_side": 0}, "min_side"),
        ({"limit": 0}, "limit must be 1 or more, not 0"),
        ({"limit": 10.5}, "10.5"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_setting_out_of_its_range_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ProposalError, match=message):
        SelectiveSearch(**settings)  # type: ignore[arg-type]


def test_settings_of_other_types_make_equal_searches() -> None:
    whole: Any = np.int64(7)
    first = SelectiveSearch(colours=["rgb"], k=[50], strategies=[["size", "fill"]], sigma=1, limit=whole)
    second = SelectiveSearch(colours=("rgb",), k=(50.0,), strategies=(("size", "fill"),), sigma=1.0, limit=7)

    assert first == second
    assert repr(first) == repr(second)
    assert hash(first) == hash(second)


@pytest.mark.parametrize(
    ("colours", "channels"),
    [
        ("rgb", [250, 50, 0]),
        ("normalised", [212, 42, 0]),
        ("grey", [104]),
        ("hsv", [9, 255, 250]),
        ("hue", [9]),
    ],
)
def test_colour_spaces_have_the_channels_of_their_name(colours: str, channels: list[int]) -> None:
    image = np.array([[[250, 50, 0]]], np.uint8)

    np.testing.assert_allclose(_convert(image, colours)[:, 0, 0], channels, atol=1)


def test_black_has_no_normalised_colour() -> None:
    assert not _convert(np.zeros((2, 2, 3), np.uint8), "normalised").any()


def test_smoothing_keeps_a_constant() -> None:
    np.testing.assert_allclose(_smooth(np.full((1, 5, 6), 99, np.uint8), 0.8), 99, rtol=1e-6)


def test_the_texture_of_a_ramp_is_steepest_along_it() -> None:
    ramp = np.arange(0, 200, 10, dtype=np.uint8)[None].repeat(9, axis=0)[None]

    textures = _textures(ramp)[:, 4, 10]

    np.testing.assert_allclose(textures, [255, 180, 0, 0, 0, 0, 0, 180], atol=1)
