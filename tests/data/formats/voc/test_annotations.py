"""One annotation file: boxes in outer edges, and a name for every broken rule."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sppnet.data.formats.things import Object
from sppnet.data.formats.voc.annotations import MAX_BYTES, read_annotation

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


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", False), ("1", True), (" 1\n", True), ("", False), ("true", True), ("False", False), ("Yes", True)],
)
def test_difficult_is_kept(tmp_path: Path, text: str, expected: bool) -> None:
    content = DOG.replace("</name>", f"</name><difficult>{text}</difficult>")

    assert read(tmp_path, content) == ([("dog", (1, 2, 10, 12), expected)], "")


@pytest.mark.parametrize("text", ["Unspecified", "maybe", "2", "-1", "None"])
def test_a_difficult_of_no_meaning_is_none_and_is_noted(tmp_path: Path, text: str) -> None:
    file = tmp_path / "7.xml"
    content = DOG.replace("</name>", f"</name><difficult>{text}</difficult>")
    file.write_text(f"<annotation>{content}{DOG}</annotation>")

    annotation = read_annotation(file, None, lambda problem, remedy: pytest.fail(problem))

    assert annotation is not None
    assert annotation.objects == [("dog", (1, 2, 10, 12), False)] * 2
    assert annotation.notes == (f"{file}: object 1 (dog): difficult must be 0 or 1, got {text!r}: taken as 0",)


@pytest.mark.parametrize(
    ("broken", "got"),
    [
        (box(xmin="10", xmax="2"), "x 10 to 2, y 3 to 12"),
        (box(ymin="12", ymax="3"), "x 2 to 10, y 12 to 3"),
        (box(xmin="10", xmax="2", ymin="12", ymax="3"), "x 10 to 2, y 12 to 3"),
    ],
)
def test_swapped_corners_are_mended_and_reported(tmp_path: Path, broken: str, got: str) -> None:
    objects, problems = read(tmp_path, SIZE + broken)

    assert objects == [("dog", (1, 2, 10, 12), False)]
    assert problems.endswith(f"7.xml: object 1 (dog): xmin <= xmax and ymin <= ymax must hold, got {got}: swapped")


@pytest.mark.parametrize("change", [str.upper, str.title, str.swapcase])
def test_elements_may_be_named_in_capitals(tmp_path: Path, change: Callable[[str], str]) -> None:
    content = re.sub(r"</?\w+>", lambda tag: change(tag[0]), f"<annotation>{SIZE}{DOG}</annotation>")

    assert read(tmp_path, content.encode()) == ([("dog", (1, 2, 10, 12), False)], "")


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
        (b'<?xml version="1.0" encoding="klingon"?><annotation/>', "no readable XML: unknown encoding: klingon"),
        (b'<?xml version="1.0" encoding="punycode"?><annotation/>', "no readable XML: unknown encoding: punycode"),
        (b'<?xml version="1.0" encoding="zip"?><annotation/>', "no readable XML: .* is not a text encoding"),
        (b'<?xml version="1.0" encoding="gbk"?><annotation>\xff</annotation>', "no readable XML"),
        (b'<?xml version="1.0" encoding="gbk"?><!DOCTYPE a [<!ENTITY a "b">]><annotation/>', "DOCTYPE is not allowed"),
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


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        *(("latin-1", "bébé"), ("ISO-8859-2", "źrebię"), ("windows-1251", "собака"), ("KOI8-R", "собака")),
        *(
            ("gb2312", "猫"),
            ("GBK", "猫"),
            ("GB18030", "猫"),
            ("Big5", "貓"),
            ("Shift_JIS", "ネコ"),
            ("EUC-JP", "ネコ"),
        ),
        *(("iso-2022-jp", "ネコ"), ("EUC-KR", "고양이"), ("cp949", "고양이"), ("macintosh", "bébé"), ("utf-7", "猫")),
        *(
            ("utf-8", "猫"),
            ("utf-8-sig", "猫"),
            ("utf-16", "猫"),
            ("utf-16-le", "猫"),
            ("utf-16-be", "猫"),
            ("utf-32", "猫"),
        ),
    ],
)
def test_a_declared_encoding_is_obeyed(tmp_path: Path, encoding: str, name: str) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?><annotation>{DOG}</annotation>'.replace("dog", name)

    assert read(tmp_path, content.encode(encoding)) == ([(name, (1, 2, 10, 12), False)], "")


@pytest.mark.parametrize(
    ("declared", "real", "name"),
    [
        ("utf-16", "utf-8", "猫"),  # what is declared in letters of 8 bits has such letters
        ("gb2312", "utf-8-sig", "猫"),  # a mark counts more
        ("gb2312", "gbk", "貓"),  # the wider encoding under the name of the smaller one, as Windows writes it
        ("shift_jis", "cp932", "①"),
        ("us-ascii", "utf-8", "bébé"),
    ],
)
def test_an_encoding_declared_wrong_is_found(tmp_path: Path, declared: str, real: str, name: str) -> None:
    content = f'<?xml version="1.0" encoding="{declared}"?><annotation>{DOG}</annotation>'.replace("dog", name)

    assert read(tmp_path, content.encode(real)) == ([(name, (1, 2, 10, 12), False)], "")


def test_an_accent_in_a_name_is_one_however_it_is_written(tmp_path: Path) -> None:
    objects, problems = read(tmp_path, DOG.replace("dog", "be\u0301"), ("b\u00e9",))

    assert (objects, problems) == ([("b\u00e9", (1, 2, 10, 12), False)], "")
