"""Data sets through all formats and back; what is lost is said; nothing is written over or left half."""

import contextlib
import io
import itertools
from pathlib import Path

import numpy as np
import pytest
from pycocotools import coco, cocoeval

from sppnet.data import DATA_WRITERS, READERS, DataError, DataSet, coco_average_precision, open_data, write_data
from sppnet.data.formats.coco import COCO

from ..formats.drawn import TURNED, held, picture, write

LINES = {
    "train": """image,xmin,ymin,xmax,ymax,class,difficult,crowd
a.png,1,2,10.5,12,fox,0,0
a.png,0,0,20,30,fox,1,0
a.png,0.1,0.30000001,19.7,1.7,traffic light,0,0
b.png,,,,,,,
""",
    "val": "c.jpg,4,5,6,7,<ö & 'x'>\n",
}


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, DataSet]:
    """Return two splits: whole and broken numbers, a difficult object, an image without objects, a turned one."""
    picture(tmp_path / "a.png")
    picture(tmp_path / "b.png", (7, 9))
    picture(tmp_path / "c.jpg", (30, 20), orientation=TURNED)
    for split, lines in LINES.items():
        write(tmp_path / f"{split}.csv", lines)
    return {split: open_data(tmp_path, split) for split in LINES}


def opened(folder: Path, parts: dict[str, DataSet]) -> dict[str, DataSet]:
    return {split: open_data(folder, split) for split in parts}


def compared(parts: dict[str, DataSet]) -> dict[str, object]:
    return {split: held(data) for split, data in parts.items()}


@pytest.mark.parametrize("order", [*list(itertools.permutations(["voc", "coco", "labelme", "csv"]))[::5], ("voc-xml",)])
def test_nothing_changes_on_a_way_through_formats(
    parts: dict[str, DataSet], tmp_path: Path, order: tuple[str, ...]
) -> None:
    now = parts
    for format in order:
        write_data(tmp_path / format, format, now)
        now = opened(tmp_path / format, parts)

    assert compared(now) == compared(parts)
    assert all(data.image(0).shape == parts[split].image(0).shape for split, data in now.items())


def test_yolo_keeps_all_but_marks(parts: dict[str, DataSet], tmp_path: Path) -> None:
    losses = write_data(tmp_path / "yolo", "yolo", parts)
    found = compared(opened(tmp_path / "yolo", parts))

    assert losses == ["yolo has no place for the mark difficult: 1 such objects are ordinary ones now"]
    assert str(found) == str(compared(parts)).replace("True", "False")


def test_yolo_s_splits_have_the_names_that_its_programs_know(parts: dict[str, DataSet], tmp_path: Path) -> None:
    write_data(tmp_path / "yolo", "yolo", {"train2017": parts["train"], "valid": parts["val"]})

    assert (
        (tmp_path / "yolo" / "data.yaml").read_text().endswith('"train": "images/train2017"\n"val": "images/valid"\n')
    )
    assert READERS["yolo"].splits(tmp_path / "yolo") == ["train", "val"]


@pytest.mark.parametrize("format", DATA_WRITERS)
def test_a_written_data_set_is_recognised_and_nothing_else(
    parts: dict[str, DataSet], tmp_path: Path, format: str
) -> None:
    write_data(tmp_path / "new", format, parts)
    write_data(tmp_path / "whole", format, {"": parts["train"]})

    assert [name for name, reader in READERS.items() if reader.recognises(tmp_path / "new")] == [format]
    assert [name for name, reader in READERS.items() if reader.recognises(tmp_path / "whole")] == [format]
    whole = open_data(tmp_path / "whole")
    assert READERS[format].splits(tmp_path / "whole") == []
    assert (whole.ids, len(whole.target(0)["labels"])) == (["a", "b"], 3)


@pytest.mark.parametrize("format", DATA_WRITERS)
def test_crowds_that_a_format_cannot_hold_are_counted(tmp_path: Path, format: str) -> None:
    picture(tmp_path / "a.png")
    write(tmp_path / "a.csv", "image,xmin,ymin,xmax,ymax,class,crowd\na.png,1,2,3,4,dog,1\n")

    losses = write_data(tmp_path / "new", format, {"": open_data(tmp_path)})

    expected = dict.fromkeys(("voc", "voc-xml"), "1 such objects are difficult ones now")
    expected["yolo"] = "1 such objects are ordinary ones now"
    assert [loss.partition(": ")[2] for loss in losses] == [name for name in [expected.get(format)] if name]
    [[(_, box, difficult, crowd)]] = held(open_data(tmp_path / "new")).values()
    assert (box, difficult, crowd) == ((1, 2, 3, 4), format != "yolo", format not in expected)


def test_classes_that_a_format_cannot_hold_are_named(parts: dict[str, DataSet], tmp_path: Path) -> None:
    reader = open_data(tmp_path, "val", classes=["zebra", "traffic light", "fox", "<ö & 'x'>"])

    losses = write_data(tmp_path / "new", "csv", {"train": reader})

    assert losses == ["csv has no list of classes: without objects there, zebra, traffic light, fox are lost"]
    assert write_data(tmp_path / "coco", "coco", {"train": reader}) == []
    assert open_data(tmp_path / "coco", "train").classes == reader.classes


def test_numbers_of_coco_are_kept(tmp_path: Path, parts: dict[str, DataSet]) -> None:
    write_data(tmp_path / "coco", "coco", parts)
    file = tmp_path / "coco" / "annotations" / "instances_train.json"
    text = file.read_text()
    for old, new in (
        ('"category_id": 3', '"category_id": 90'),
        ('"id": 3, "name"', '"id": 90, "name"'),
        ('"id": 2, "file_name"', '"id": 77, "file_name"'),
    ):
        text = text.replace(old, new)
    file.write_text(text)
    first = COCO(tmp_path / "coco", "train")

    write_data(tmp_path / "again", "coco", {"train": first})

    again = COCO(tmp_path / "again", "train")
    assert first.image_ids["b"] == again.image_ids["b"] == 77
    assert first.category_ids == again.category_ids != {}


def test_pycocotools_scores_a_written_file_as_we_score_its_source(tmp_path: Path, parts: dict[str, DataSet]) -> None:
    write_data(tmp_path / "coco", "coco", parts)
    data = parts["train"]
    found = [
        {"boxes": target["boxes"] + 1, "labels": target["labels"], "scores": 1 - target["boxes"][:, 0] / 100}
        for target in map(data.target, range(len(data)))
    ]
    ours = coco_average_precision(found, [data.target(number) for number in range(len(data))], len(data.classes))
    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco.COCO(str(tmp_path / "coco" / "annotations" / "instances_train.json"))
        names = {category["name"]: category["id"] for category in truth.loadCats(truth.getCatIds())}
        results = [
            {
                "image_id": number,
                "category_id": names[data.classes[label]],
                "bbox": [x1, y1, x2 - x1, y2 - y1],
                "score": score,
            }
            for number, image in enumerate(found, 1)
            for label, (x1, y1, x2, y2), score in zip(
                image["labels"], image["boxes"].tolist(), image["scores"].tolist(), strict=True
            )
        ]
        scores = cocoeval.COCOeval(truth, truth.loadRes(results), "bbox")
        scores.evaluate()
        scores.accumulate()
        scores.summarize()

    assert 0 < ours["AP"] < 1
    np.testing.assert_allclose(scores.stats[0], ours["AP"])


def test_images_are_copied_linked_or_left_out(parts: dict[str, DataSet], tmp_path: Path) -> None:
    for images in ("copy", "link", "none"):
        write_data(tmp_path / images, "csv", parts, images=images)

    name = Path("images") / "train" / "a.png"
    assert (tmp_path / "copy" / name).read_bytes() == (tmp_path / "link" / name).read_bytes()
    assert not (tmp_path / "copy" / name).is_symlink()
    assert (tmp_path / "link" / name).readlink() == tmp_path / "a.png"
    assert not (tmp_path / "none" / name).exists()


def test_a_folder_that_holds_something_is_left_alone(parts: dict[str, DataSet], tmp_path: Path) -> None:
    write(tmp_path / "new" / "mine.txt", "mine")

    with pytest.raises(DataError, match="new: must be a new or empty folder"):
        write_data(tmp_path / "new", "csv", parts)
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["mine.txt"]


def test_an_interruption_leaves_nothing(parts: dict[str, DataSet], tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())

    def interrupt(stage: str, done: int, total: int) -> None:
        assert (stage, total) == ("images", 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_data(tmp_path / "new", "csv", parts, progress=interrupt)
    assert sorted(tmp_path.iterdir()) == before


def test_an_empty_folder_may_be_there(parts: dict[str, DataSet], tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()

    write_data(tmp_path / "new", "csv", parts)

    assert (tmp_path / "new" / "train.csv").is_file()


def test_images_of_one_name_are_told_apart_by_their_splits(tmp_path: Path) -> None:
    for split in ("train", "val"):
        picture(tmp_path / split / "1 of 2.png")
        write(tmp_path / f"{split}.csv", f"{split}/1 of 2.png,1,2,3,4,dog\n")
    parts = {split: open_data(tmp_path, split) for split in ("train", "val")}

    losses = write_data(tmp_path / "voc", "voc", parts)

    assert losses == ["2 images have other names, because theirs are none for files or occur twice"]
    assert [data.ids for data in opened(tmp_path / "voc", parts).values()] == [["train_1_of_2"], ["val_1_of_2"]]


def test_an_image_in_two_splits_is_refused(parts: dict[str, DataSet], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"\.png: is in several of the splits train, trainval"):
        write_data(tmp_path / "new", "csv", {"train": parts["train"], "trainval": parts["train"]})


def test_a_size_or_box_that_does_not_fit_the_image_is_refused(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    write(tmp_path / "a.csv", "a.png,1,2,40,4,dog\n")
    with pytest.raises(DataError, match=r"a\.png: object dog: the box must lie inside the image of 20 x 30 pixels"):
        write_data(tmp_path / "new", "yolo", {"": open_data(tmp_path)})

    write(tmp_path / "a.csv", "a.png,20.2,2,20.7,4,dog\n")
    with pytest.raises(DataError, match=r"a\.png: \(dog\): width and height must be positive, got x 20 to 20"):
        write_data(tmp_path / "new", "yolo", {"": open_data(tmp_path)})

    write(tmp_path / "a.csv", "image,xmin,ymin,xmax,ymax,class,width,height\na.png,1,2,4,4,dog,30,20\n")
    with pytest.raises(DataError, match=r"a\.png: size must be that of the upright picture, 20 x 30 pixels"):
        write_data(tmp_path / "new", "yolo", {"": open_data(tmp_path)})


def test_an_unknown_format_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no format 'xml' to write; there are voc, voc-xml, coco, yolo, labelme, csv"):
        write_data(tmp_path / "new", "xml", {})
