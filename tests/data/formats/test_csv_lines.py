"""CSV: columns by name or by place, background, flags, where images lie, and what is wrong with a line."""

from pathlib import Path

import pytest

from sppnet.data import DataError, open_data, splits
from sppnet.data.formats.csv_lines import CSV

from .drawn import held, picture, write

HEADER = "image,xmin,ymin,xmax,ymax,class\n"
LINE = "a.png,1,2,10.5,12,wolf\n"
BOX = ("wolf", (1.0, 2.0, 10.5, 12.0), False, False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a data set of two images, one of which is background."""
    for name in ("a", "b"):
        picture(tmp_path / f"{name}.png")
    write(tmp_path / "annotations.csv", f"{HEADER}{LINE}b.png,,,,,\n")
    return tmp_path


def test_edges_are_read_as_they_are_and_empty_fields_are_background(root: Path) -> None:
    data = open_data(root)

    assert type(data) is CSV
    assert held(data) == {"a": [BOX], "b": []}
    assert (data.classes, splits(root)) == (("wolf",), [])


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        "path,x1,y1,x2,y2,class\n" + LINE,
        "\ufefffilename,width,height,class,xmin,ymin,xmax,ymax\na.png,20,30,wolf,1,2,10.5,12\n",
        "Class , XMIN,YMIN,XMAX,YMAX,remark,image\r\nwolf, 1,2,10.5,12,big, a.png\r\n",
    ],
)
def test_columns_are_found_by_name_or_by_place(root: Path, text: str) -> None:
    write(root / "annotations.csv", text)

    assert held(open_data(root)) == {"a": [BOX]}


def test_flags_are_columns(root: Path) -> None:
    lines = "a.png,1,2,10.5,12,wolf,1,0\na.png,1,2,10.5,12,wolf,0,1\n"
    write(root / "annotations.csv", HEADER.replace("class", "class,difficult,crowd") + lines)

    assert held(open_data(root)) == {"a": [(*BOX[:2], True, False), (*BOX[:2], True, True)]}


def test_files_are_splits_and_agree_on_the_classes(root: Path) -> None:
    (root / "annotations.csv").rename(root / "train.csv")
    picture(root / "images" / "val" / "c.png")
    write(root / "val.csv", LINE.replace("a.png", "c.png").replace("wolf", "fox"))

    assert splits(root) == ["train", "val"]
    assert open_data(root, "train").classes == ("fox", "wolf")
    assert open_data(root, "val").image_path(0) == root / "images" / "val" / "c.png"


def test_roboflow_s_files_lie_beside_the_images_of_a_split(tmp_path: Path) -> None:
    picture(tmp_path / "train" / "a.png")
    write(tmp_path / "train" / "_annotations.csv", HEADER + LINE)

    assert held(open_data(tmp_path, "train")) == {"a": [BOX]}


def test_paths_may_be_absolute(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("elsewhere")
    write(folder / "some.csv", f"{root}/{LINE}")

    assert open_data(folder / "some.csv").image_path(0) == root / "a.png"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("a.png,x,2,10,12,wolf", r"\(wolf\): xmin must be a number, got 'x'"),
        ("a.png,,2,10,12,wolf", r"\(wolf\): xmin must be a number, got ''"),
        ("a.png,1,2,10,12,", "an object needs a class name"),
        ("a.png,10,2,1,12,wolf", r"\(wolf\): width and height must be positive, got x 10 to 1"),
        (",1,2,10,12,wolf", "the name of an image is missing"),
        ("a.png,1,2", "must have 6 columns, has 3"),
        ("a.png,1,2,inf,12,wolf", "xmax must be a number, got 'inf'"),
    ],
)
def test_a_broken_line_is_named_with_the_rule_or_left_out(root: Path, line: str, rule: str) -> None:
    write(root / "annotations.csv", f"{HEADER}{LINE}{line}\n")

    with pytest.raises(DataError, match=rf"annotations\.csv: line 3:? .*{rule}"):
        open_data(root)
    data = open_data(root, strict=False)
    assert held(data) == {"a": [BOX]}
    assert len(data.problems) == 1


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("image,xmin,ymin,xmax,ymax\na.png,1,2,3,4\n", "line 1: there must be columns .*; class is missing"),
        (HEADER + 'a.png,"1,2,3,4,5\n', "line 2: "),
    ],
)
def test_a_broken_file_is_named_with_the_rule(root: Path, text: str, rule: str) -> None:
    write(root / "annotations.csv", text)

    with pytest.raises(DataError, match=rf"annotations\.csv: {rule}"):
        open_data(root)


def test_a_missing_image_and_a_wrong_size_are_named(root: Path) -> None:
    write(root / "annotations.csv", "filename,width,height,class,xmin,ymin,xmax,ymax\na.png,40,30,wolf,1,2,10.5,12\n")
    with pytest.raises(DataError, match=r"annotations\.csv: line 2: size must be that of the upright picture, 20 x 30"):
        open_data(root).image(0)

    write(root / "annotations.csv", LINE.replace("a.png", "gone.png"))
    with pytest.raises(DataError, match=r"annotations\.csv: line 1: no such image .*gone\.png"):
        open_data(root)


def test_other_tables_are_not_taken_for_annotations(tmp_path: Path) -> None:
    write(tmp_path / "results.csv", "epoch,loss,accuracy,time,rate,seed\n1,2,3,4,5,6\n")

    assert not CSV.recognises(tmp_path)
