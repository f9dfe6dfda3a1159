"""The set of keys against Python's, and where keys collide."""

import numpy as np
import pytest

from sppnet.proposals.hashing import FREE, SCATTER, add, empty_set


@pytest.mark.parametrize(("most", "room"), [(0, 16), (8, 16), (9, 32)])
def test_an_empty_set_is_twice_as_large_as_needed_or_more(most: int, room: int) -> None:
    assert empty_set(most).tolist() == [FREE] * room


def test_a_key_is_new_only_once() -> None:
    keys = empty_set(4)

    assert [add(keys, np.uint64(key)) for key in (5, 7, 5, 5, 7)] == [True, True, False, False, False]


def test_keys_are_new_as_in_a_set_of_python() -> None:
    numbers = np.random.default_rng(0).integers(0, 300, 1000).tolist()
    keys = empty_set(300)

    found = [add(keys, np.uint64(number << 32 | number)) for number in numbers]

    assert found == [number not in numbers[:place] for place, number in enumerate(numbers)]


def test_the_least_and_the_greatest_key_can_be_entered() -> None:
    keys = empty_set(2)

    assert [add(keys, np.uint64(key)) for key in (0, FREE - 1, 0, FREE - 1)] == [True, True, False, False]


def test_keys_that_fall_on_the_last_place_go_on_at_the_first() -> None:
    colliding = [key for key in range(2000) if place_of(key, 16) == 15][:8]
    keys = empty_set(8)

    assert [add(keys, np.uint64(key)) for key in colliding * 2] == [True] * 8 + [False] * 8
    assert keys[15] == colliding[0]
    assert keys[:7].tolist() == colliding[1:]


def test_a_set_of_as_many_keys_as_it_was_made_for_is_half_empty() -> None:
    keys = empty_set(64)

    assert all(add(keys, np.uint64(number << 32)) for number in range(64))
    assert (keys == FREE).sum() == 64


def place_of(key: int, room: int) -> int:
    return (key * SCATTER % 2**64 >> 32) % room
