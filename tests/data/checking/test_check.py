"""Broken data sets of every kind in every format: each mistake is found, named, explained, and mended if it can be."""

import re
from pathlib import Path
from shutil import copyfile, copytree

import numpy as np
import pytest

from sppnet.data import DataError, Report, check_data, find_format, open_data, splits, write_mended

from .cases import BOX, CASES, COCO, SHAPES, XML, Case, bounds, coco, csv_line
from .drawn import SPLITS, Break, added, both, copied, draw, drawn, edited, in_json, write_all

FORMATS = ("voc", "voc-xml", "coco", "yolo", "labelme", "csv")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound")
    write_all(folder)
    return folder


def checked(root: Path, **options: object) -> Report:
    return check_data(root, **{"splits": list(SPLITS), "mend": True, **options})  # type: ignore[arg-type]


def broken(sound: Path, folder: Path, format: str, *breaks: Break) -> Path:
    copytree(sound / format, folder / "data")
    both(*breaks)(folder / "data")
    return folder / "data"


def boxes(report: Report, split: str, number: int) -> list[list[float]]:
    return report.mended[split].target(number)["boxes"].tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_every_mistake_is_found_and_explained_and_the_copy_is_sound(case: Case, sound: Path, tmp_path: Path) -> None:
    root = broken(sound, tmp_path, case.format, case.broken)
    before = {file: file.read_bytes() for file in root.rglob("*.*")}

    report = checked(root, rename=case.rename)
    write_mended(tmp_path / "mended", report.format, report.mended)

    lines = [f"{finding.place}: {finding.fault}" for finding in report.tally.kept.get(case.kind, [])]
    assert any(map(re.compile(case.told).search, lines)), report.tally.kept
    assert before == {file: file.read_bytes() for file in root.rglob("*.*")}
    assert find_format(tmp_path / "mended") == case.format
    left = splits(tmp_path / "mended")
    assert check_data(tmp_path / "mended", splits=left).errors == 0
    assert all(len([*open_data(tmp_path / "mended", split, strict=True)]) for split in left)


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_is_wrong_with_a_sound_data_set_and_its_copy_is_the_same(
    format: str, sound: Path, tmp_path: Path
) -> None:
    report = checked(sound / format)
    write_mended(tmp_path / "copy", report.format, report.mended)

    assert set(report.tally.counts) == {"few"}
    assert (report.errors, report.images, report.objects) == (0, {"train": 3, "val": 2}, {"dog": 3, "cat": 3})
    for split in SPLITS:
        copy, original = open_data(tmp_path / "copy", split), open_data(sound / format, split)
        assert copy.ids == original.ids and copy.classes == original.classes
        assert [copy.target(i)["boxes"].tolist() for i in range(len(copy))] == [
            original.target(i)["boxes"].tolist() for i in range(len(copy))
        ]


def test_swapped_corners_and_boxes_outside_are_mended(sound: Path, tmp_path: Path) -> None:
    root = broken(sound, tmp_path, "voc", edited(XML, BOX, bounds(20, 3, 2, 99)))

    assert boxes(checked(root), "train", 0)[0] == [1, 2, 20, 30]


def test_boxes_of_a_lying_photo_are_turned_with_it(sound: Path, tmp_path: Path) -> None:
    root = broken(sound, tmp_path, "voc", drawn("JPEGImages/a.png", 9, orientation=6))

    report = checked(root)

    assert boxes(report, "train", 0)[0] == [30 - 22, 1, 30 - 2, 20]
    assert report.mended["train"].told_size(0) == (30, 40)


def test_boxes_are_scaled_with_an_image_that_was_resized(sound: Path, tmp_path: Path) -> None:
    root = broken(
        sound, tmp_path, "labelme", in_json(SHAPES, lambda content: content.update(imageWidth=80, imageHeight=60))
    )

    assert boxes(checked(root), "train", 0)[0] == [0.5, 1, 10, 11]


def test_an_image_in_two_splits_stays_in_the_last(sound: Path, tmp_path: Path) -> None:
    root = broken(sound, tmp_path, "voc", added("ImageSets/Main/val.txt", "a\n"))

    mended = checked(root).mended

    assert (mended["train"].ids, mended["val"].ids) == (["b", "c"], ["d", "e", "a"])


def test_numbers_of_coco_stay(sound: Path, tmp_path: Path) -> None:
    root = broken(sound, tmp_path, "coco", coco(bbox=[0, 0, 90, 9]))
    report = checked(root)

    write_mended(tmp_path / "mended", "coco", report.mended)

    before, after = open_data(root, "train", strict=False), open_data(tmp_path / "mended", "train")
    assert (dict(after.category_ids), after.image_ids) == (dict(before.category_ids), before.image_ids)


def test_names_that_are_not_among_the_classes_are_told_with_the_nearest(sound: Path) -> None:
    report = checked(sound / "csv", classes=["dogs", "cat"])

    assert "unknown class 'dog', the classes are dogs, cat; did you mean 'dogs'?" in str(report.tally.kept)
    assert report.tally.counts["unknown-class"] == (3, 3, 3)


def test_objects_without_a_window_and_smaller_than_a_cell_are_counted(sound: Path) -> None:
    whole = np.array([[0, 0, 40, 30]], np.float32)

    report = checked(sound / "csv", search=lambda pixels: whole, cell=lambda size: size[0] / 2)

    assert report.summary()["ceiling"] == {"objects": 6, "reached": 1}
    assert report.tally.counts["unreached"] == (5, 4, 5)
    assert report.tally.counts["small"] == (2, 2, 2)


def test_windows_are_searched_in_so_many_images(sound: Path) -> None:
    none = np.zeros((0, 4), np.float32)

    report = checked(sound / "csv", search=lambda pixels: none, search_limit=1)

    assert report.summary()["ceiling"] == {"objects": 2, "reached": 0}


def test_all_are_counted_and_a_few_kept(sound: Path, tmp_path: Path) -> None:
    root = broken(sound, tmp_path, "csv", *(csv_line(f"c.png,1,{y},99,{y + 3},dog") for y in range(9)))

    report = checked(root, keep=2)

    assert report.tally.counts["outside"] == (9, 1, 9)
    assert len(report.tally.kept["outside"]) == 2


def test_copies_with_other_objects_are_told(sound: Path, tmp_path: Path) -> None:
    root = broken(sound, tmp_path, "csv", copied("images/train/a.png", "images/val/d.png"))

    [finding] = checked(root).tally.kept["shared"]

    assert finding.fault.endswith("d.png, of the same bytes), with other objects")


def test_a_class_to_rename_must_be_there(sound: Path) -> None:
    with pytest.raises(DataError, match="no class 'dgo' to rename; there are dog, cat"):
        checked(sound / "csv", rename={"dgo": "dog"})


def test_a_split_must_be_there(sound: Path) -> None:
    with pytest.raises(DataError, match="no split 'test', there is train, val"):
        checked(sound / "csv", splits=["test"])


def test_nothing_is_written_where_nothing_is_left(tmp_path: Path) -> None:
    draw(tmp_path / "data" / "a.png", 0)
    (tmp_path / "data" / "a.png").write_bytes(b"")
    (tmp_path / "data" / "a.csv").write_text("a.png,1,2,3,4,dog\n")

    with pytest.raises(DataError, match="no image can be used"):
        write_mended(tmp_path / "new", "csv", checked(tmp_path / "data", splits=[""]).mended)
    assert not (tmp_path / "new").exists()


def test_a_file_that_breaks_off_ends_only_its_split(sound: Path, tmp_path: Path) -> None:
    root = broken(sound, tmp_path, "coco", lambda root: (root / COCO).write_text('{"images": ['))

    assert checked(root).images == {"train": 0, "val": 2}


def test_all_images_of_splits_that_share_some_are_read_once(sound: Path, tmp_path: Path) -> None:
    root = broken(sound, tmp_path, "csv", lambda root: copyfile(root / "val.csv", root / "test.csv"))

    assert checked(root, splits=[""]).images == {"": 5}
