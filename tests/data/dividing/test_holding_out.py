"""Images held out by their content: how many, the same ones every time, copies together."""

from pathlib import Path

import pytest

from sppnet.data import DataError, Subset, hold_out, open_data

from ..formats.drawn import held, picture, write


def made(root: Path, shades: dict[str, int]) -> Path:
    """Make a data set with an image of one shade and one object for each name."""
    for name, shade in shades.items():
        picture(root / f"{name}.png", shade=shade)
    write(root / "annotations.csv", "".join(f"{name}.png,1,2,{3 + n},4,dog\n" for n, name in enumerate(shades)))
    return root


def test_the_share_is_held_out_and_both_parts_keep_the_order(tmp_path: Path) -> None:
    data = open_data(made(tmp_path, {str(number): number for number in range(20)}))

    train, val = hold_out(data, 0.2)

    assert (len(train), len(val), train.split, val.split) == (16, 4, "train", "val")
    assert sorted([*train.ids, *val.ids]) == sorted(data.ids)
    assert [int(id_) for id_ in val.ids] == sorted(map(int, val.ids))
    assert held(val).items() <= held(data).items()
    assert val.image(0)[0, 0].tolist() == [int(val.ids[0])] * 3


def test_the_seed_decides_and_names_do_not(tmp_path: Path) -> None:
    data = open_data(made(tmp_path / "a", {str(number): number for number in range(20)}))
    renamed = open_data(made(tmp_path / "b", {f"x{19 - number}": number for number in range(20)}))

    assert hold_out(data, 0.3)[1].ids == hold_out(data, 0.3)[1].ids != hold_out(data, 0.3, seed=1)[1].ids
    shades = sorted(int(id_) for id_ in hold_out(data, 0.3)[1].ids)
    assert sorted(19 - int(id_[1:]) for id_ in hold_out(renamed, 0.3)[1].ids) == shades


@pytest.mark.parametrize("seed", range(10))
def test_copies_are_never_in_both_parts(tmp_path: Path, seed: int) -> None:
    data = open_data(made(tmp_path, {str(number): number % 5 for number in range(20)}))

    train, val = hold_out(data, 0.3, seed=seed)

    assert len(val) == 8  # 6 are wanted, and contents come by fours
    assert {int(id_) % 5 for id_ in train.ids} & {int(id_) % 5 for id_ in val.ids} == set()


def test_each_part_has_at_least_one_image(tmp_path: Path) -> None:
    data = open_data(made(tmp_path, {"a": 1, "b": 2}))

    assert [len(part) for part in hold_out(data, 0.001)] == [1, 1]
    assert [len(part) for part in hold_out(data, 0.999)] == [1, 1]


def test_what_cannot_be_divided_is_refused(tmp_path: Path) -> None:
    data = open_data(made(tmp_path, {"a": 1, "b": 1}))

    with pytest.raises(DataError, match="two images with different contents, there is 1"):
        hold_out(data, 0.5)
    with pytest.raises(DataError, match="between 0 and 1, got 1"):
        hold_out(data, 1)


def test_a_subset_is_a_data_set_of_some_images(tmp_path: Path) -> None:
    data = open_data(made(tmp_path, {"a": 1, "b": 2, "c": 3}))

    part = Subset(data, [2, 0])

    assert (len(part), part.ids, part.classes, part.image_path(0)) == (2, ["c", "a"], data.classes, tmp_path / "c.png")
    assert held(part) == {"c": held(data)["c"], "a": held(data)["a"]}
