"""Tests of the items that a command works on: which images, which windows they carry, and what is left out."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.data import DataSet, ImageError, Subset, open_data
from sppnet.proposals import ProposalError, write_windows
from sppnet.tools.command.inputs.items import Items
from sppnet.tools.command.shapes import write_shapes
from tests.proposals.test_matlab import cells, matlab_file


@pytest.fixture
def data(tmp_path: Path) -> DataSet:
    """Three images of 320 x 240 pixels."""
    write_shapes(tmp_path / "shapes", train=3, val=1, seed=2)
    return open_data(tmp_path / "shapes", "train")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A window of each image at the place of its number, and of the last one outside the image."""
    write_windows(tmp_path / "windows.json", [("000001", window(0)), ("000002", window(1)), ("000003", window(9999))])
    return tmp_path / "windows.json"


def window(left: int) -> npt.NDArray[np.float32]:
    return np.array([[left, 0, left + 10, 20]], np.float32)


def break_image(data: DataSet, number: int) -> None:
    (data.root / "JPEGImages" / f"{data.ids[number]}.jpg").write_bytes(b"")


def test_items_are_the_first_images_with_their_targets(data: DataSet) -> None:
    items = Items(data, 2)
    [(first, (image, target)), (second, _)] = items.numbered()

    assert (len(items), first, second) == (2, 0, 1)
    np.testing.assert_array_equal(image, data.image(0))
    assert target.keys() == {"boxes", "labels", "difficult"}
    assert [image.shape for image, _ in items] == [(240, 320, 3)] * 2


def test_windows_without_names_are_those_of_the_images_in_the_order_given(data: DataSet, tmp_path: Path) -> None:
    file = matlab_file(tmp_path, boxes=cells([np.array([[1.0, left, 9, 99]]) for left in (10, 20, 30)]))

    [(_, target)] = Items(Subset(data, [1]), windows=file, order=data.ids)

    np.testing.assert_array_equal(target["windows"], [[19, 0, 99, 9]])


def test_items_carry_the_windows_of_a_file(data: DataSet, file: Path) -> None:
    windows = [target["windows"] for _, target in Items(data, 2, windows=file)]

    np.testing.assert_array_equal(windows, [window(0), window(1)])


def test_a_broken_image_ends_them(data: DataSet) -> None:
    break_image(data, 1)

    with pytest.raises(ImageError, match=r"000002\.jpg"):
        list(Items(data))


def test_a_broken_image_is_left_out_of_a_lenient_run_and_counted(
    data: DataSet, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_image(data, 0)
    items = Items(data, 2, lenient=True, windows=file)

    [(number, (_, target))] = items.numbered()

    assert (number, target["windows"].tolist(), items.skipped) == (1, window(1).tolist(), 1)
    assert capsys.readouterr().err.startswith("skipped: ")


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ({"000001"}, "windows.json: must have windows of image '000001', and has none"),
        ({}, "windows.json: image '000003', box 1: must lie inside the image"),
    ],
)
def test_windows_that_do_not_fit_an_image_are_refused(
    data: DataSet, tmp_path: Path, file: Path, lost: set[str], message: str
) -> None:
    kept = {"000001": window(0), "000002": window(1), "000003": window(9999)}.items()
    write_windows(file, ((name, windows) for name, windows in kept if name not in lost))

    with pytest.raises(ProposalError, match=message):
        list(Items(data, lenient=True, windows=file))


def test_images_without_fitting_windows_are_left_out_on_request(data: DataSet, file: Path) -> None:
    items = Items(data, lenient=True, windows=file, lenient_windows=True)

    assert [number for number, _ in items.numbered()] == [0, 1]
    assert items.skipped == 1
