"""One annotation file: boxes in outer edges, and a name for every broken rule."""

import re
from pathlib import Path

import pytest

from sppnet.data import DataError
from sppnet.data.annotations import MAX_BYTES, Annotation, Object, check_picture, read_annotation

BOX = "<xmin>2</xmin><ymin>3</ymin><xmax>10</xmax><ymax>12</ymax>"
DOG = f"<object><name>dog</name><bndbox>{BOX}</bndbox></object>"
SIZE = "<size><width>20</width><height>30</height></size>"


def box(xmin: str = "2", ymin: str = "3", xmax: str = "10", ymax: str = "12") -> str:
    corners = f"<xmin>{xmin}</xmin><ymin>{ymin}</ymin><xmax>{xmax}</xmax><ymax>{ymax}</ymax>"
    return f"<object><name>dog</name><bndbox>{corners}</bndbox></object>"


def read(folder: Path, content: str | bytes, classes: tuple[str, ...] | None = None) -> tuple[list[Object] | None, str]:
    """Return what an annotation with this content gives, and the problems reported."""
    file = folder / "7.xml"
    text = content if isinstance(content, bytes) else f"<annotation>{content}</annotation>".encode()
    file.write_bytes(text)
    problems: list[str] = []
    annotation = read_annotation(file, classes, lambda problem, remedy: problems.append(f"{problem}: {remedy}"))
    return annotation and annotation.objects, "\n".join(problems)


def test_inclusive_corners_become_outer_edges(tmp_path: Path) -> None:
    assert read(tmp_path, SIZE + DOG) == ([("dog", (1, 2, 10, 12), False)], "")


def test_one_pixel_is_a_box(tmp_path: Path) -> None:
    assert read(tmp_path, box("5", "5", "5", "5")) == ([("dog", (4, 4, 5, 5), False)], "")


def test_fractions_are_kept(tmp_path: Path) -> None:
    assert read(tmp_path, box(xmin="2.25")) == ([("dog", (1.25, 2, 10, 12), False)], "")


def test_an_annotation_without_objects_is_an_empty_list(tmp_path: Path) -> None:
    assert read(tmp_path, SIZE) == ([], "")


@pytest.mark.parametrize(("text", "expected"), [("0", False), ("1", True), (" 1\n", True), ("", False)])
def test_difficult_is_kept(tmp_path: Path, text: str, expected: bool) -> None:
    content = DOG.replace("</name>", f"</name><difficult>{text}</difficult>")

    assert read(tmp_path, content) == ([("dog", (1, 2, 10, 12), expected)], "")


def test_the_box_of_a_part_is_not_the_object_s(tmp_path: Path) -> None:
    part = "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part>"

    assert read(tmp_path, f"<object>{part}<name>dog</name><bndbox>{BOX}</bndbox></object>{part}") == (
        [("dog", (1, 2, 10, 12), False)],
        "",
    )


@pytest.mark.parametrize(
    "size",
    ["<size/>", "<size><width>0</width><height>x</height></size>", "<size><width>1e39</width></size>"],
)
def test_without_a_size_right_and_bottom_are_not_checked(tmp_path: Path, size: str) -> None:
    assert read(tmp_path, size + box(xmax="900")) == ([("dog", (1, 2, 900, 12), False)], "")


@pytest.mark.parametrize(
    ("size", "rule"),
    [
        ("", "inside the image, got x -9 to 10, y 2 to 12: clipped"),
        ("<size><height>30</height></size>", "inside the image of ? x 30 pixels, got x -9 to 10, y 2 to 12: clipped"),
    ],
)
def test_the_rule_tells_only_what_is_known_of_the_size(tmp_path: Path, size: str, rule: str) -> None:
    objects, problems = read(tmp_path, size + box(xmin="-8"))

    assert objects == [("dog", (0, 2, 10, 12), False)]
    assert problems.endswith(rule)


def test_a_pixel_outside_is_rounding_and_is_clipped_in_silence(tmp_path: Path) -> None:
    assert read(tmp_path, SIZE + box(xmin="0", xmax="21")) == ([("dog", (0, 2, 20, 12), False)], "")


def test_a_box_partly_outside_is_clipped_and_reported(tmp_path: Path) -> None:
    objects, problems = read(tmp_path, SIZE + box(xmax="25"))

    assert objects == [("dog", (1, 2, 20, 12), False)]
    assert problems == (
        f"{tmp_path / '7.xml'}: object 1 (dog): the box must lie inside the image of 20 x 30 pixels, "
        "got x 1 to 25, y 2 to 12: clipped"
    )


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (box(xmin="10", xmax="2"), r"xmin <= xmax .* must hold, got x 10 to 2"),
        (box(ymin="13"), r"ymin <= ymax must hold, .* y 13 to 12"),
        (box(xmin="nan"), "xmin must be a number, got 'nan'"),
        (box(xmax="1e39"), "xmax must be at most 1,000,000 in magnitude, got '1e39'"),
        (box(ymax="twelve"), "ymax must be a number, got 'twelve'"),
        (box().replace("<xmax>10</xmax>", ""), "xmax must be a number, got None"),
        (box(xmin="25", xmax="28"), "inside the image of 20 x 30 pixels, got x 24 to 28"),
        (box(xmin="21", xmax="21"), "inside the image"),
        (box(ymin="-8", ymax="-2"), "inside the image"),
        (f"<object><bndbox>{BOX}</bndbox></object>", r"an object needs a name"),
        ("<object><name>dog</name></object>", "an object needs a bndbox"),
        (DOG.replace("dog", "wolf"), r"unknown class, the classes are dog, cat"),
        (DOG.replace("</name>", "</name><difficult>maybe</difficult>"), "difficult must be 0 or 1, got 'maybe'"),
    ],
)
def test_an_impossible_object_is_dropped_and_reported(tmp_path: Path, broken: str, rule: str) -> None:
    objects, problems = read(tmp_path, SIZE + DOG + broken + DOG, ("dog", "cat"))

    assert objects == [("dog", (1, 2, 10, 12), False)] * 2
    assert re.search(rf"7\.xml: object 2 .*{rule}.*: dropped$", problems)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"junk", "no readable XML"),
        (b"<annotation><object>", "no readable XML"),
        (b"<html></html>", "must be <annotation>, got <html>"),
        (b'<?xml version="1.0" encoding="klingon"?><annotation/>', "no readable XML"),
        (b'<!DOCTYPE annotation [<!ENTITY a "b">]><annotation>&a;</annotation>', "DOCTYPE is not allowed"),
        ('<!DOCTYPE annotation SYSTEM "file:///etc/passwd"><annotation/>'.encode("utf-16"), "DOCTYPE is not allowed"),
        (b"<annotation>" + b"<part>" * 5000 + b"</part>" * 5000 + b"</annotation>", "nested at most 32 deep"),
        (b"<annotation>" + b" " * MAX_BYTES + b"</annotation>", "must have at most 8388608 bytes"),
    ],
)
def test_what_is_no_annotation_drops_the_image(tmp_path: Path, content: bytes, rule: str) -> None:
    objects, problems = read(tmp_path, content)

    assert objects is None
    assert re.search(rf"7\.xml: .*{rule}.*: image dropped$", problems)


def test_a_missing_annotation_drops_the_image(tmp_path: Path) -> None:
    problems: list[str] = []

    assert read_annotation(tmp_path / "8.xml", None, lambda problem, remedy: problems.append(problem)) is None
    assert problems == [f"{tmp_path / '8.xml'}: cannot be read: No such file or directory"]


def test_a_declared_encoding_is_obeyed(tmp_path: Path) -> None:
    content = f'<?xml version="1.0" encoding="latin-1"?><annotation>{DOG}</annotation>'.replace("dog", "bébé")

    assert read(tmp_path, content.encode("latin-1")) == ([("bébé", (1, 2, 10, 12), False)], "")


INFINITE = float("inf")
EDGE = ("dog", (1.0, 2.0, 21.0, 12.0), False)


@pytest.mark.parametrize("size", [(20, 30), (INFINITE, 30), (INFINITE, INFINITE)])
def test_an_annotation_fits_a_picture_up_to_the_rounding(size: tuple[float, float]) -> None:
    check_picture(Annotation(size, [EDGE]), (20, 30))


@pytest.mark.parametrize(
    ("size", "picture", "rule"),
    [
        ((30, 20), (20, 30), "size must be that of the upright picture, 20 x 30 pixels, got 30 x 20"),
        ((INFINITE, 20), (20, 30), r"20 x 30 pixels, got \? x 20"),
        ((INFINITE, INFINITE), (19, 30), r"object dog: .* inside the image of 19 x 30 pixels, got x 1 to 21"),
        ((INFINITE, INFINITE), (30, 10), r"object dog: .* inside the image of 30 x 10 pixels, .* y 2 to 12"),
    ],
)
def test_an_annotation_of_another_picture_is_refused(
    size: tuple[float, float], picture: tuple[int, int], rule: str
) -> None:
    with pytest.raises(DataError, match=rule):
        check_picture(Annotation(size, [EDGE]), picture)
