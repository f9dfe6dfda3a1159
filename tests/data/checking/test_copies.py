"""Copies: near ones are those that comparing all with all finds; the pictures that are kept."""

import io

import numpy as np

from sppnet.data.checking.copies import NEAR, Copies, nearest_looks
from sppnet.data.checking.pictures import Picture

PIXELS = np.zeros((1, 1, 3), np.uint8)


def test_near_hashes_are_those_that_comparing_all_with_all_finds() -> None:
    random = np.random.default_rng(0)
    looks = random.integers(1, 2**63, 300, np.uint64)
    flips = [sum(1 << int(bit) for bit in random.choice(64, number % 8, replace=False)) for number in range(300)]
    looks = np.concatenate([looks, looks ^ np.array(flips, np.uint64)])
    splits = np.repeat([0, 1], 300)
    differ = np.bitwise_count(looks[:, None] ^ looks)
    differ[splits[:, None] == splits] = 255

    others, distances = nearest_looks(looks, splits)

    near = differ.min(axis=1) <= NEAR
    assert 300 < near.sum() < 600
    np.testing.assert_array_equal(distances <= NEAR, near)
    np.testing.assert_array_equal(distances[near], differ.min(axis=1)[near])
    np.testing.assert_array_equal(others[near], differ.argmin(axis=1)[near])


def test_no_hashes_have_no_neighbours() -> None:
    others, distances = nearest_looks(np.zeros(0, np.uint64), np.zeros(0, np.int64))

    assert len(others) == len(distances) == 0


def test_pictures_of_one_split_are_not_near_copies() -> None:
    copies = Copies(io.BytesIO())
    for number, look in enumerate((7, 7, 3)):
        copies.add(Picture(PIXELS, 1, number, number, look, None), f"{number}.png", 0, number // 2)

    faults = [finding.fault for finding in copies.near(["train", "val"], set())]

    assert faults == ["in train looks like 2.png in val: 1 of 64 bits differ"] * 2


def test_names_that_are_no_utf8_come_back() -> None:
    copies = Copies(io.BytesIO())
    for name in ("\udcff.png", "ä.png"):
        copies.add(Picture(PIXELS, 1, 5, 5, 0, None), name, 0, 0)

    assert [finding.place for _, finding in copies.same(["train"])] == ["ä.png"]
