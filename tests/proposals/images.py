"""Images that the tests of proposals start from: noise of all or of few levels, of any small size."""

from collections.abc import Callable

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sppnet.proposals.colours import Image, Planes

few_examples = settings(deadline=None, derandomize=True, max_examples=25)


def noise(shape: tuple[int, ...], seed: int = 0) -> Image:
    """Return noise of three channels."""
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3)).astype(np.uint8)


def planes_of_few_levels(shape: tuple[int, int], seed: int, levels: int = 4) -> Planes:
    """Return noise on few grey levels, so that many edges are equally light."""
    return (np.random.default_rng(seed).integers(0, levels, (3, *shape)) * 100).astype(np.int16)


def of_any_small_image(test: Callable[..., None]) -> Callable[..., None]:
    """Run a test with the shape and the seed of 25 images of one pixel to 12 x 17."""
    drawn = given(shape=st.tuples(st.integers(1, 12), st.integers(1, 17)), seed=st.integers(0, 99))(test)
    return few_examples(example(shape=(12, 17), seed=0)(drawn))
