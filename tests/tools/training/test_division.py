"""What is learned and what is scored on: splits of the data set, images held out, copies, classes of few objects."""

import shutil
from pathlib import Path

import pytest

from sppnet.data import DataError, content_hashes, open_data
from sppnet.tools.command.shapes import write_shapes
from sppnet.tools.training.division import Division, divided


@pytest.fixture
def shapes(tmp_path: Path) -> Path:
    write_shapes(tmp_path, train=16, val=4, seed=2)
    return tmp_path


def split_files(root: Path) -> Path:
    return root / "ImageSets" / "Main"


def division(root: Path, split: str | None, share: float | None = None, seed: int = 0) -> Division:
    data = open_data(root, split)
    return divided(data, root, share, seed=seed, lenient=False, data_format=None)


def contents_in_common(parts: Division) -> set[int]:
    assert parts.val is not None
    assert content_hashes(parts.train).tolist() == parts.hashes.tolist()
    return set(parts.hashes.tolist()) & set(content_hashes(parts.val).tolist())


def test_the_validation_split_of_the_data_set_is_scored_on(shapes: Path) -> None:
    parts = division(shapes, "train")

    assert parts.train.ids == open_data(shapes, "train").ids
    assert parts.val is not None and parts.val.ids == open_data(shapes, "val").ids
    assert (parts.val.split, parts.held_out) == ("val", False)


def test_without_one_a_fifth_is_held_out(shapes: Path) -> None:
    (split_files(shapes) / "val.txt").unlink()

    parts = division(shapes, "train")

    assert parts.val is not None and (len(parts.train), len(parts.val), parts.held_out) == (13, 3, True)
    assert contents_in_common(parts) == set()


def test_the_share_and_the_seed_decide(shapes: Path) -> None:
    first, same, other = (division(shapes, "train", 0.5, seed).train.ids for seed in (0, 0, 1))

    assert len(first) == 8 and first == same != other


def test_a_share_of_nothing_is_no_score(shapes: Path) -> None:
    parts = division(shapes, "train", 0)

    assert (len(parts.train), parts.val) == (16, None)


def test_all_images_are_learned_but_those_of_the_validation_split(shapes: Path) -> None:
    (split_files(shapes) / "train.txt").unlink()

    parts = division(shapes, None)

    assert parts.val is not None and (len(parts.train), parts.val.split, len(parts.val)) == (16, "val", 4)
    assert contents_in_common(parts) == set()


def test_images_of_the_validation_split_that_are_learned_are_not_scored_on(shapes: Path) -> None:
    split_files(shapes).joinpath("train.txt").write_text("000001\n000017\n000018\n")

    parts = division(shapes, "train")

    assert parts.val is not None and (len(parts.train), parts.val.ids) == (3, ["000019", "000020"])


def test_a_copy_under_another_name_is_not_scored_on(shapes: Path) -> None:
    shutil.copy(shapes / "JPEGImages" / "000001.jpg", shapes / "JPEGImages" / "000020.jpg")

    parts = division(shapes, "train")

    assert parts.val is not None and parts.val.ids == ["000017", "000018", "000019"]


def test_where_the_validation_split_is_learned_others_are_held_out(shapes: Path) -> None:
    split_files(shapes).joinpath("trainval.txt").write_text("".join(f"{n:06d}\n" for n in range(1, 21)))

    parts = division(shapes, "trainval")

    assert (len(parts.train), parts.held_out) == (16, True)
    assert contents_in_common(parts) == set()


def test_a_test_split_is_left_alone(shapes: Path) -> None:
    split_files(shapes).joinpath("val.txt").rename(split_files(shapes) / "test.txt")

    assert division(shapes, "train").held_out


@pytest.mark.parametrize("seed", range(4))
def test_every_class_keeps_an_object_to_learn_from(tmp_path: Path, seed: int) -> None:
    write_shapes(tmp_path, train=5, val=0, seed=seed)
    (split_files(tmp_path) / "val.txt").unlink()

    parts = division(tmp_path, "train", 0.6)

    whole = {label for _, target in open_data(tmp_path, "train") for label in target["labels"].tolist()}
    assert {label for _, target in parts.train for label in target["labels"].tolist()} == whole


def test_one_image_alone_is_learned(tmp_path: Path) -> None:
    write_shapes(tmp_path, train=1, val=0)
    (split_files(tmp_path) / "val.txt").unlink()

    parts = division(tmp_path, "train")

    assert (len(parts.train), parts.val) == (1, None)


def test_a_broken_validation_split_is_an_error_that_tells_the_way_out(shapes: Path) -> None:
    (shapes / "Annotations" / "000020.xml").write_text("junk")

    with pytest.raises(DataError, match=r"000020\.xml.*--val-split 0 does without"):
        division(shapes, "train")
