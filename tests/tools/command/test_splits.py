"""Which images a command works on, and what it says of them."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from sppnet.data import VOC, VOC_CLASSES
from sppnet.proposals import ProposalError, write_windows
from sppnet.tools.command.shapes import write_shapes
from sppnet.tools.command.splits import ReadableImages, open_split, windows_from
from tests.data.test_voc import add_image


def opened(root: Path, capsys: pytest.CaptureFixture[str], names: list[str], classes: list[str] | None = None) -> str:
    """Return what is said of a data set with objects of these names."""
    add_image(root, "000001", [(name, (1, 1, 5, 5)) for name in names])
    open_split(root, None, usual="val", classes=classes, lenient=False)
    return capsys.readouterr().err


def test_the_split_and_the_number_of_images_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert opened(tmp_path, capsys, ["dog"]) == f"{tmp_path}: 1 images, all that are annotated\n"


def test_a_name_that_is_not_voc_s_among_those_that_are_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = opened(tmp_path, capsys, [*VOC_CLASSES, "persn"])

    assert said.endswith("21 classes found, not VOC's: persn\n")


@pytest.mark.parametrize(
    ("names", "classes"), [(["disc", "dog"], None), (["dog", "cat", "wolf"], ["dog", "cat", "wolf"])]
)
def test_own_classes_are_no_surprise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: list[str], classes: list[str] | None
) -> None:
    assert "classes found" not in opened(tmp_path, capsys, names, classes)


def shapes(root: Path) -> VOC:
    """Return a data set of three images of 320 x 240 pixels."""
    write_shapes(root / "shapes", train=3, val=1, seed=2)
    return VOC(root / "shapes", split="train", strict=False)


def window(number: int) -> npt.NDArray[np.float32]:
    return np.array([[number, 0, number + 10, 20]], np.float32)


def test_windows_from_a_file_go_with_the_images_that_can_be_read(tmp_path: Path) -> None:
    voc = shapes(tmp_path)
    write_windows(tmp_path / "windows.npz", ((id_, window(number)) for number, id_ in enumerate(voc.ids)))
    voc.image_path(1).write_bytes(b"")
    images = ReadableImages(voc)

    pairs = list(zip(images, windows_from(tmp_path / "windows.npz", images), strict=True))

    np.testing.assert_array_equal([windows for _, windows in pairs], [window(0), window(2)])


@pytest.mark.parametrize(
    ("windows", "message"),
    [
        ({}, "windows.json: must have windows of image '000001', and has none"),
        ({"000001": window(10_000)}, "windows.json: image '000001', box 1: must lie inside the image"),
    ],
)
def test_windows_that_do_not_fit_an_image_are_refused(
    tmp_path: Path, windows: dict[str, npt.NDArray[np.float32]], message: str
) -> None:
    images = ReadableImages(shapes(tmp_path))
    write_windows(tmp_path / "windows.json", windows.items())

    with pytest.raises(ProposalError, match=message):
        list(zip(images, windows_from(tmp_path / "windows.json", images), strict=True))
