"""The last images stay, and older ones make room."""

import numpy as np
import pytest

from sppnet.tools.serving.looks import Look, Looks
from sppnet.tools.serving.refusals import RefusedError


def look(side: int = 10) -> Look:
    return Look("image", np.zeros((side, side, 3), np.uint8), "model", None, {}, [])


def test_the_one_that_was_asked_for_longest_ago_makes_room() -> None:
    looks = Looks(most=2)
    first, second = looks.add(look()), looks.add(look())
    looks[first]
    looks.add(look())

    with pytest.raises(RefusedError, match="send it again"):
        looks[second]
    assert looks[first].name == "image"


def test_large_ones_make_room_earlier_but_one_always_stays() -> None:
    looks = Looks(most_pixels=150)
    looks.add(look(10))
    large = looks.add(look(20))

    assert (len(looks), looks[large].image.shape) == (1, (20, 20, 3))


def test_ids_are_long_and_differ() -> None:
    looks = Looks(most=20)

    ids = {looks.add(look()) for _ in range(20)}

    assert len(ids) == 20 and min(map(len, ids)) >= 16
