"""Opening a data set: the reader is found by the layout or by its name, and a folder that none knows is named."""

from pathlib import Path

import pytest

from sppnet.data import VOC, DataError, open_data, splits
from sppnet.data.readers import READERS
from tests.data.formats.voc.test_devkit import add_image, add_split


class Lines(VOC):
    """Stands in for a reader of another format."""

    layout = "lines.txt"

    @staticmethod
    def recognises(root: Path) -> bool:
        return (root / "lines.txt").is_file()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a data set in the layout of VOC, with a split; a second format is known."""
    monkeypatch.setitem(READERS, "lines", Lines)
    add_image(tmp_path / "VOC2007", "1", [("dog", (1, 1, 5, 5))])
    add_image(tmp_path / "VOC2007", "2", [("cow", (1, 1, 40, 5))])
    add_split(tmp_path / "VOC2007", "train", "1\n")
    return tmp_path


def test_a_folder_is_opened_by_the_reader_that_knows_its_layout(root: Path) -> None:
    data = open_data(root, "train", classes=["cow", "dog"])

    assert type(data) is VOC
    assert (data.root, data.split, data.ids, data.classes) == (root / "VOC2007", "train", ["1"], ("cow", "dog"))
    assert [target["labels"].tolist() for _, target in data] == [[1]]


def test_what_breaks_a_rule_is_left_out_on_request(root: Path) -> None:
    with pytest.raises(DataError, match=r"2\.xml: object 1"):
        open_data(root)

    assert len(open_data(root, strict=False).problems) == 1


def test_the_splits_are_those_that_the_reader_finds(root: Path) -> None:
    assert splits(root) == ["train"]


def test_a_format_can_be_named(root: Path) -> None:
    assert type(open_data(root, "train", format="lines")) is Lines


def test_an_unknown_format_is_answered_with_those_there_are(root: Path) -> None:
    with pytest.raises(DataError, match=r"there is no data format 'xml'; there are voc, .*, lines"):
        open_data(root, format="xml")


def test_a_folder_of_no_known_layout_is_named_with_all_that_was_looked_for(root: Path) -> None:
    with pytest.raises(
        DataError, match=r"gone: no data set: it must hold JPEGImages and Annotations, .*; or lines\.txt"
    ):
        open_data(root / "gone")


def test_a_folder_that_several_readers_know_needs_a_format(root: Path) -> None:
    (root / "lines.txt").touch()

    with pytest.raises(DataError, match="may be a data set in several formats, choose one of voc, lines"):
        splits(root)
