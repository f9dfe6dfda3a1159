"""The data set: which folder, which split, which classes, and what strict and lenient reading do."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sppnet.data import VOC, VOC_CLASSES, DataError, DataWarning, ImageError, open_data

Objects = list[tuple[str, tuple[int, int, int, int]]]

REAL = os.environ.get("SPPNET_VOC2007")


def add_image(root: Path, id_: str, objects: Objects, suffix: str = ".png") -> None:
    """Add a grey image of 20 x 30 pixels and its annotation; boxes are VOC's xmin, ymin, xmax, ymax."""
    for folder in ("JPEGImages", "Annotations"):
        (root / folder / id_).parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (20, 30), 128).save(root / "JPEGImages" / f"{id_}{suffix}")
    lines = "".join(
        f"<object><name>{name}</name><difficult>{int(name == 'cat')}</difficult><bndbox><xmin>{x1}</xmin>"
        f"<ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
        for name, (x1, y1, x2, y2) in objects
    )
    size = "<filename>../../secret.png</filename><size><width>20</width><height>30</height></size>"
    (root / "Annotations" / f"{id_}.xml").write_text(f"<annotation>{size}{lines}</annotation>")


def add_split(root: Path, name: str, content: str) -> None:
    folder = root / "ImageSets" / "Main"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_bytes(content.encode())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a data set of three images, the last without objects."""
    folder = tmp_path / "VOCdevkit" / "VOC2007"
    add_image(folder, "000001", [("dog", (2, 3, 10, 12)), ("cat", (1, 1, 20, 30))])
    add_image(folder, "000002", [("cat", (5, 5, 5, 5))])
    add_image(folder, "000003", [])
    add_split(folder, "train", "000003\n000001\n")
    return folder


def test_a_target_has_outer_edges_labels_and_difficult(root: Path) -> None:
    target = VOC(root).target(0)

    np.testing.assert_array_equal(target["boxes"], [[1, 2, 10, 12], [0, 0, 20, 30]])
    np.testing.assert_array_equal(target["labels"], [VOC_CLASSES.index("dog"), VOC_CLASSES.index("cat")])
    np.testing.assert_array_equal(target["difficult"], [False, True])
    assert [target[key].dtype for key in ("boxes", "labels", "difficult")] == [np.float32, np.int64, np.bool_]


def test_an_image_without_objects_has_an_empty_target(root: Path) -> None:
    target = VOC(root).target(2)

    assert target["boxes"].shape == (0, 4)
    assert target["labels"].shape == target["difficult"].shape == (0,)


def test_it_iterates_over_images_and_targets(root: Path) -> None:
    data = VOC(root)
    pairs = list(data)

    assert len(pairs) == len(data) == 3
    assert pairs[0][0].shape == (30, 20, 3)
    assert [len(target["labels"]) for _, target in pairs] == [2, 1, 0]
    np.testing.assert_array_equal(data[0][1]["boxes"], pairs[0][1]["boxes"])
    assert data.image_path(0) == root / "JPEGImages" / "000001.png"


def test_no_split_is_every_annotated_image_in_order(root: Path) -> None:
    Image.new("L", (5, 5)).save(root / "JPEGImages" / "unlabelled.png")
    (root / "Annotations" / "._000001.xml").write_text("left by a file manager")

    assert VOC(root).ids == ["000001", "000002", "000003"]


def test_a_split_keeps_its_order(root: Path) -> None:
    assert VOC(root, "train").ids == ["000003", "000001"]


def test_the_splits_are_named_without_reading_annotations(root: Path) -> None:
    add_split(root, "val", "")
    add_split(root, "train", "")

    assert VOC.splits(root) == ["train", "val"]


def test_the_devkit_folder_stands_for_its_only_data_set(root: Path) -> None:
    assert VOC(root.parent, "train").root == root


def test_a_devkit_with_two_data_sets_is_ambiguous(root: Path) -> None:
    add_image(root.parent / "VOC2012", "1", [])

    with pytest.raises(DataError, match=r"several data sets, choose one of .*VOC2007, .*VOC2012"):
        VOC(root.parent)


def test_a_folder_that_is_no_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone: no data set: it must hold JPEGImages and Annotations"):
        VOC(tmp_path / "gone")


@pytest.mark.parametrize("content", ["000001  1\n000002 -1\n", "\n000001\r\n\r\n000002\r\n", "\ufeff000001\n000002"])
def test_columns_blank_lines_and_line_ends_do_not_matter(root: Path, content: str) -> None:
    add_split(root, "dog_train", content)

    assert VOC(root, "dog_train").ids == ["000001", "000002"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("", "split bad has no usable images"),
        ("\n \n", "split bad has no usable images"),
        ("000001\n000002\n000001\n", r"bad\.txt: line 3 repeats line 1: '000001'"),
        ("../Annotations/000001", "line 1: an image id must be a plain name"),
        ("\n/etc/passwd", "line 2: an image id must be a plain name"),
        ("..\\000001", "must be a plain name"),
        ("..", "must be a plain name"),
        ("a\0b", "must be a plain name"),
        ("000009", r"000009\.xml: cannot be read"),
    ],
)
def test_an_unusable_split_is_refused(root: Path, content: str, rule: str) -> None:
    add_split(root, "bad", content)

    with pytest.raises(DataError, match=rule):
        VOC(root, "bad")


@pytest.mark.parametrize("split", ["val", "../Main/train", ""])
def test_an_unknown_split_is_answered_with_those_there_are(root: Path, split: str) -> None:
    add_split(root, "test", "000001")

    with pytest.raises(DataError, match="there is test, train"):
        VOC(root, split)


def test_a_split_that_is_not_text_is_refused(root: Path) -> None:
    (root / "ImageSets" / "Main" / "bad.txt").write_bytes(b"\xff\xfe\xfa")

    with pytest.raises(DataError, match=r"bad\.txt: cannot be read"):
        VOC(root, "bad")


def test_a_split_that_cannot_be_read_is_named_once(root: Path) -> None:
    (root / "ImageSets" / "Main" / "bad.txt").mkdir()

    with pytest.raises(DataError, match=r"bad\.txt: not a file$"):
        VOC(root, "bad")


def test_voc_names_give_the_voc_classes(root: Path) -> None:
    assert VOC(root).classes == VOC_CLASSES
    assert len(VOC_CLASSES) == 20
    assert sorted(VOC_CLASSES) == list(VOC_CLASSES)


def test_other_names_give_the_sorted_names_of_the_whole_folder(root: Path) -> None:
    add_image(root, "000004", [("zebra", (1, 1, 2, 2)), ("ant", (1, 1, 2, 2))])

    assert VOC(root, "train").classes == ("ant", "cat", "dog", "zebra")


def test_given_classes_set_the_labels(root: Path) -> None:
    data = VOC(root, classes=["dog", "cow", "cat"])

    assert data.classes == ("dog", "cow", "cat")
    np.testing.assert_array_equal(data.target(0)["labels"], [0, 2])


def test_an_unknown_class_is_an_error_or_is_dropped(root: Path) -> None:
    with pytest.raises(DataError, match=r"000001\.xml: object 2 \(cat\): unknown class, the classes are dog"):
        VOC(root, classes=["dog"])

    data = VOC(root, classes=["dog"], strict=False)
    assert [len(data.target(i)["labels"]) for i in range(3)] == [1, 0, 0]
    assert len(data.problems) == 2


@pytest.mark.parametrize("classes", [[], ["dog", "dog"]])
def test_classes_must_be_distinct_names(root: Path, classes: list[str]) -> None:
    with pytest.raises(DataError, match="classes must be distinct names, at least one"):
        VOC(root, classes=classes)


def test_an_impossible_box_is_an_error_or_is_mended(root: Path) -> None:
    add_image(root, "000002", [("dog", (9, 1, 3, 5)), ("dog", (1, 1, 40, 5))])

    with pytest.raises(DataError, match=r"000002\.xml: object 1 \(dog\): xmin <= xmax .* got x 9 to 3"):
        VOC(root)

    data = VOC(root, strict=False)
    np.testing.assert_array_equal(data.target(1)["boxes"], [[2, 0, 9, 5], [0, 0, 20, 5]])
    assert [problem.rsplit(" ", 1)[1] for problem in data.problems] == ["swapped", "clipped"]


def test_mistakes_outside_the_split_do_not_count(root: Path) -> None:
    (root / "Annotations" / "000002.xml").write_text("junk")

    assert VOC(root, "train").ids == ["000003", "000001"]


def test_an_upper_case_suffix_is_an_annotation_too(root: Path) -> None:
    file = root / "Annotations" / "000001.xml"
    file.rename(file.with_suffix(".XML"))

    assert VOC(root).ids == ["000001", "000002", "000003"]
    assert len(VOC(root, "train").target(1)["labels"]) == 2


@pytest.mark.parametrize(
    ("file", "rule"), [("JPEGImages/000001.png", "no such image"), ("Annotations/000001.xml", "read")]
)
def test_a_missing_file_is_an_error_or_drops_the_image(root: Path, file: str, rule: str) -> None:
    (root / file).unlink()

    with pytest.raises(DataError, match=f"000001.*{rule}"):
        VOC(root, "train")

    data = VOC(root, "train", strict=False)
    assert data.ids == ["000003"]
    assert data.dropped == ["000001"]
    assert len(data.problems) == 1


def test_no_usable_image_at_all_is_an_error_in_both_modes(root: Path) -> None:
    (root / "Annotations" / "000003.xml").write_text("junk")
    add_split(root, "one", "000003")

    with pytest.raises(DataError, match=r"split one has no usable images: .*000003\.xml: no readable XML.*dropped$"):
        VOC(root, "one", strict=False)


def test_of_many_reasons_the_first_are_told(root: Path) -> None:
    add_split(root, "gone", "7\n8\n9\n../x\n")

    with pytest.raises(
        DataError, match=r"no usable images: 4 problems, such as .*'\.\./x'.*; .*7\.xml.*; .*8\.xml[^;]*$"
    ):
        VOC(root, "gone", strict=False)


def test_a_line_of_a_split_that_breaks_a_rule_is_left_out(root: Path) -> None:
    add_split(root, "val", "000001\n../000002\n000001\n000003\n")

    data = VOC(root, "val", strict=False)

    assert (data.ids, data.dropped) == (["000001", "000003"], [])
    assert [problem.rpartition(": ")[2] for problem in data.problems] == ["left out", "counted once"]


def test_a_split_names_images_with_spaces(root: Path) -> None:
    add_image(root, "photo", [])
    add_image(root, "photo (1)", [("cat", (1, 1, 5, 5))])
    add_split(root, "val", "photo (1)\n")

    assert VOC(root, "val").ids == ["photo (1)"]


def test_files_in_folders_inside_are_used(root: Path) -> None:
    add_image(root, "cam1/7", [("cat", (1, 1, 5, 5))])
    add_split(root, "val", "cam1/7\n000001")

    assert VOC(root).ids == ["000001", "000002", "000003", "cam1/7"]
    assert VOC(root, "val").image_path(0) == root / "JPEGImages" / "cam1" / "7.png"


def test_an_image_and_its_annotation_may_write_an_accent_in_two_ways(root: Path) -> None:
    add_image(root, "caf\u00e9", [])
    (root / "JPEGImages" / "caf\u00e9.png").rename(root / "JPEGImages" / "cafe\u0301.png")

    assert VOC(root).image(3).shape == (30, 20, 3)


@pytest.mark.parametrize(
    ("images", "annotations", "sets"),
    [
        ("images", "annotations", "imagesets"),
        ("jpegimages", "annotations", "ImageSets"),
        ("Images", "ANNOTATIONS", "x"),
    ],
)
def test_folders_may_be_named_in_small_letters(root: Path, images: str, annotations: str, sets: str) -> None:
    for old, new in (("JPEGImages", images), ("Annotations", annotations), ("ImageSets", sets)):
        (root / old).rename(root / new)

    data = open_data(root.parent.parent / "VOCdevkit" / "VOC2007")

    assert data.ids == ["000001", "000002", "000003"]
    assert data.image(0).shape == (30, 20, 3)
    assert VOC.splits(root) == [] if sets == "x" else ["train"]


def test_images_and_annotations_without_xml_are_of_another_format(root: Path) -> None:
    for old, new in (("JPEGImages", "images"), ("Annotations", "annotations")):
        (root / old).rename(root / new)
    for file in (root / "annotations").iterdir():
        file.rename(file.with_suffix(".json"))

    assert not VOC.recognises(root)


@pytest.mark.parametrize("flag", ["Unspecified", "2"])
def test_a_difficult_of_no_meaning_is_no_loss(root: Path, flag: str) -> None:
    for id_ in ("000001", "000002"):
        file = root / "Annotations" / f"{id_}.xml"
        file.write_text(file.read_text().replace("<difficult>1", f"<difficult>{flag}"))
    message = rf"000001\.xml: object 2 \(cat\): difficult must be 0 or 1, got '{flag}': taken as 0"

    with pytest.warns(DataWarning, match=rf"{message} \(the first of 2 such places\)"):
        strict = VOC(root)
    lenient = VOC(root, strict=False)

    assert strict.target(0)["difficult"].tolist() == lenient.target(0)["difficult"].tolist() == [False, False]
    assert len(lenient.problems) == 2


@pytest.mark.parametrize("suffix", [".jpg", ".JPEG", ".bmp", ".WebP", ".tif", ".TIFF"])
def test_images_may_have_any_suffix_we_decode(root: Path, suffix: str) -> None:
    add_image(root, "000007", [("dog", (1, 1, 2, 2))], suffix)

    assert VOC(root).image(3).shape == (30, 20, 3)


def test_of_two_images_with_one_id_the_jpeg_counts(root: Path) -> None:
    add_image(root, "000001", [], ".jpg")

    assert VOC(root).image_path(0).name == "000001.jpg"


def test_a_damaged_image_is_named_when_it_is_read(root: Path) -> None:
    (root / "JPEGImages" / "000001.png").write_bytes(b"")

    with pytest.raises(ImageError, match=r"000001\.png: the file is empty"):
        VOC(root)[0]


def test_a_picture_turned_by_its_tag_needs_boxes_turned_too(root: Path) -> None:
    tags = Image.Exif()
    tags[0x0112] = 6
    Image.new("L", (20, 30)).save(root / "JPEGImages" / "000001.png", exif=tags)

    with pytest.raises(DataError, match=r"000001\.xml: size must be .* upright picture, 30 x 20 pixels, got 20 x 30"):
        VOC(root, strict=False).image(0)


def test_a_box_outside_an_image_of_untold_size_is_named_when_the_image_is_read(root: Path) -> None:
    add_image(root, "000001", [("dog", (2, 3, 900, 12))])
    file = root / "Annotations" / "000001.xml"
    file.write_text(file.read_text().replace("<size>", "<other>").replace("</size>", "</other>"))

    with pytest.raises(DataError, match=r"000001\.xml: object dog: .* 20 x 30 pixels, got x 1 to 900, y 2 to 12"):
        VOC(root).image(0)


def test_a_data_set_travels_to_other_processes(root: Path) -> None:
    data = pickle.loads(pickle.dumps(VOC(root)))

    assert data.ids == VOC(root).ids
    np.testing.assert_array_equal(data.target(0)["boxes"], VOC(root).target(0)["boxes"])


@pytest.mark.skipif(REAL is None, reason="SPPNET_VOC2007 names no VOC2007 folder")
def test_the_real_trainval_is_read_strictly() -> None:
    data = VOC(str(REAL), "trainval")
    difficult = np.concatenate([data.target(i)["difficult"] for i in range(len(data))])

    assert (~difficult).sum() == 12_601
    assert difficult.sum() == 3_054
    assert data.classes == VOC_CLASSES
