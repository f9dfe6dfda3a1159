"""Tests of where images come from: which are found, in which order, and what is said of the rest."""

import io
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sppnet.data import DataError
from sppnet.tools.command.console import CommandError
from sppnet.tools.command.detecting.naming import MARK
from sppnet.tools.command.detecting.sources import Source, Sources


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with an image, what macOS leaves beside it, notes, and an image two folders deeper."""
    for name in ("a.jpg", "._a.jpg", "notes.txt", "cam1/day/b.PNG", ".cache/c.jpg"):
        picture(tmp_path / "photos" / name)
    return tmp_path / "photos"


def picture(path: Path, **options: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 6)).save(path, "PNG" if path.suffix.lower() == ".png" else "JPEG", **options)
    return path


def found(*words: str | Path, **options: bool | Path) -> list[str]:
    return [source.path for source in Sources(list(map(str, words)), **options)]  # type: ignore[arg-type]


def test_of_a_folder_hidden_files_are_passed_over_and_all_that_is_is_said(
    photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Sources([str(photos)]).count() == 1
    assert found(photos) == [str(photos / "a.jpg")]
    assert capsys.readouterr().err == (
        f"{photos}: passed over 1 hidden file, 1 file of no image type, "
        "1 sub-folder (--recursive looks into those of a folder)\n"
    )


def test_folders_inside_are_looked_into_when_asked(photos: Path) -> None:
    sources = list(Sources([str(photos)], recursive=True))

    assert [(source.file, source.folder) for source in sources] == [("a.jpg", ""), ("b.PNG", "cam1/day")]


def test_a_link_that_leads_back_up_is_followed_once(photos: Path) -> None:
    (photos / "cam1" / "up").symlink_to(photos)

    assert len(found(photos, recursive=True)) == 2


def test_two_links_to_one_file_are_two_images(tmp_path: Path) -> None:
    blob = picture(tmp_path / "blobs" / "b1.jpg")
    links = [tmp_path / "photos" / name for name in ("monday.jpg", "tuesday.jpg")]
    for link in links:
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(blob)

    assert found(tmp_path / "photos") == found(tmp_path / "photos" / "*.jpg") == found(*links) == list(map(str, links))


def test_a_link_that_leads_nowhere_is_an_image_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "lost.jpg").symlink_to(tmp_path / "gone.jpg")

    [source] = Sources([str(tmp_path)])

    with pytest.raises(DataError, match=r"lost\.jpg: no such file"):
        source.read()


def test_folders_and_patterns_give_each_image_once_by_name(tmp_path: Path) -> None:
    first, second = picture(tmp_path / "a" / "1.JPG"), picture(tmp_path / "a" / "2.jpeg")

    names = found(tmp_path / "a", tmp_path / "**" / "*.JPG", tmp_path / "a" / ".." / "a" / "1.JPG")

    assert names == [str(first), str(second)]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    picture(tmp_path / "a1.jpg")
    odd = picture(tmp_path / "a[1].jpg")

    assert found(odd) == [str(odd)]


def test_what_does_not_exist_is_found_so_that_reading_tells(tmp_path: Path) -> None:
    missing = [str(tmp_path / name) for name in ("none.jpg", "none*.jpg", "@none.jpg"[1:])]

    assert found(*missing[:2]) == missing[:2]


def test_our_own_results_are_no_images(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture(photos / "a-detections.jpg", comment=MARK)
    picture(photos / "out" / "a.jpg")

    assert Sources([str(photos)], recursive=True, output=photos / "out").count() == 2
    assert "1 picture of ours (drawn or cut out by an earlier run)" in capsys.readouterr().err
    assert found(photos / "*.jpg") == [str(photos / "a.jpg")]


def test_a_list_names_an_image_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "list.txt").write_bytes(
        "\ufeffone.jpg\r\n\r\nwith space .jpg\nhttps://example.org/é.jpg\none.jpg".encode()
    )
    monkeypatch.chdir(tmp_path)

    assert found("@list.txt") == ["one.jpg", "with space .jpg", "https://example.org/é.jpg"]
    assert Sources(["@list.txt"]).count() == 3


def test_standard_input_names_an_image_a_line_and_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a.jpg\nb\xff.jpg\n")))

    assert Sources(["-"]).count() is None
    assert found("-") == ["a.jpg", os.fsdecode(b"b\xff.jpg")]


@pytest.mark.parametrize("word", ["@nowhere.txt", "@."])
def test_a_list_that_cannot_be_read_is_one_error(word: str) -> None:
    with pytest.raises(CommandError, match="a list that cannot be read"):
        Sources([word]).count()


def test_nothing_found_is_an_error_that_names_all_words(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()

    with pytest.raises(CommandError, match=f"no images in {tmp_path}/b, {tmp_path}/b"):
        Sources([f"{tmp_path}/b", f"{tmp_path}/b"]).count()


def test_an_archive_is_told_to_be_one(tmp_path: Path) -> None:
    (tmp_path / "photos.tar.GZ").touch()

    with pytest.raises(DataError, match=r"photos\.tar\.GZ: an archive; unpack it"):
        Source(str(tmp_path / "photos.tar.GZ")).read()


def test_names_that_are_no_text_are_escaped() -> None:
    assert str(Source(os.fsdecode(b"caf\xe9\n\x1b.jpg"))) == r"caf\xe9\n\x1b.jpg"
    assert str(Source("café 猫.jpg")) == "café 猫.jpg"


def test_the_file_of_an_address_is_the_last_part_of_its_path() -> None:
    assert Source("https://example.org/a/b%20c.jpg?size=3").file == "b c.jpg"
    assert Source("https://example.org").file == "image"


def test_an_image_is_read_within_limits(tmp_path: Path) -> None:
    source = Source(str(picture(tmp_path / "a.png")))

    assert np.array_equal(source.read(), np.zeros((6, 8, 3), np.uint8))
    with pytest.raises(DataError, match="8 x 6 pixels"):
        source.read(max_pixels=40)


def test_a_folder_is_listed_when_its_turn_comes(photos: Path) -> None:
    images = iter(Sources([str(photos)], recursive=True))
    next(images)
    picture(photos / "cam1" / "new.jpg")

    assert [source.file for source in images] == ["new.jpg", "b.PNG"]
