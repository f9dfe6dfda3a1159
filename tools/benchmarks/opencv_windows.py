"""OpenCV's selective search of the images of a VOC folder as a file of windows, for `--windows` of train and eval.

It runs in the environment of `make bench-proposals`, where OpenCV comes with its contributed modules:
.venv-bench/bin/python -m sppnet.tools.benchmarks.opencv_windows VOC2007 --split train -o opencv.npz
    [--mode quality] [--images 1250]
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
import numpy.typing as npt

from sppnet.data import VOC
from sppnet.proposals import write_windows

from ..command.progress import Progress

opencv: Any = cv2  # whose types are those of the build without contributed modules


@click.command()
@click.argument("root", type=click.Path(path_type=Path))
@click.option("--split", help="Image set.  [default: all annotated images]")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="File to write, .npz or .json.")
@click.option("--mode", type=click.Choice(["fast", "quality"]), default="fast", help="OpenCV's mode.")
@click.option("--images", "count", type=click.IntRange(1), help="Only so many images, the first.")
def main(root: Path, split: str | None, output: Path, mode: str, count: int | None) -> None:
    """Write OpenCV's windows of the images of a VOC folder, in its order."""
    cv2.setNumThreads(1)
    voc = VOC(root, split)
    with Progress() as progress:
        write_windows(output, search_all(voc, min(len(voc), count or len(voc)), mode, progress))


def search_all(voc: VOC, count: int, mode: str, progress: Progress) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Yield the id of each image and its windows."""
    search = opencv.ximgproc.segmentation.createSelectiveSearchSegmentation()
    for number in range(count):
        yield voc.ids[number], search_one(search, voc.image(number), mode)
        progress("images", number + 1, count)


def search_one(search: Any, image: npt.NDArray[np.uint8], mode: str) -> npt.NDArray[np.float32]:
    """Return OpenCV's windows of an image in its order: float32 (N, 4)."""
    search.setBaseImage(np.ascontiguousarray(image[..., ::-1]))
    if mode == "fast":
        search.switchToSelectiveSearchFast()
    else:
        search.switchToSelectiveSearchQuality()
    windows: npt.NDArray[np.float32] = search.process().astype(np.float32)
    windows[:, 2:] += windows[:, :2]
    return windows


if __name__ == "__main__":
    main()
