"""What tiles are worth: a large picture with photographs of VOC in it, seen as a whole and in tiles.

Beside that, what is found in each photograph alone.

python -m sppnet.tools.benchmarks.tiles --data VOC2007 [-m MODEL] [--tiles 1000,500] [--picture large.jpg] [--json]
"""

import io
import json
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console
from rich.table import Table

from sppnet.data import VOC, write_whole
from sppnet.detector import Combination, SPPNet, predict_tiled

from ..command.console import json_option, set_threads, threads_option
from ..command.options.detector_options import numbers
from ..command.running.models import load, models_option

CELL, PARTS = 3000, 5  # pixels of a part of the picture; a side of it holds one photograph enlarged, or five
ENLARGED = 5
CONFIDENCE, LEAST_IOU = 0.5, 0.5

Pixels = npt.NDArray[np.uint8]
Objects = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Place:
    """Where a photograph, by its number, lies in the picture, and how many times as large as it is."""

    number: int
    left: int
    top: int
    factor: int = 1

    def moved(self, boxes: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return boxes of the photograph where they lie in the picture: (N, 4)."""
        return np.asarray(boxes * self.factor + np.array([self.left, self.top] * 2), np.float32)


@click.command()
@models_option
@click.option("--data", envvar="SPPNET_VOC2007", type=click.Path(path_type=Path), required=True, help="A VOC folder.")
@click.option("--tiles", default="1000,500", callback=numbers, help="Sides of tiles in pixels.")
@click.option("--columns", type=click.IntRange(1), default=4, help=f"Width of the picture in {CELL} pixels.")
@click.option("--rows", type=click.IntRange(1), default=3, help=f"Height of the picture in {CELL} pixels.")
@click.option("--picture", type=click.Path(path_type=Path), help="Write the picture as JPEG, too.")
@threads_option
@json_option
def command(
    models: tuple[Path, ...],
    data: Path,
    tiles: tuple[int, ...],
    columns: int,
    rows: int,
    picture: Path | None,
    threads: int | None,
    as_json: bool,
) -> None:
    """Print how many objects of the photographs are found, of those as they are and of those enlarged."""
    set_threads(threads)
    network = load(models, "union", "cpu", "auto")
    voc = VOC(data, "val", classes=network.classes)
    places = spread(len(voc), columns, rows)
    image, truth = collage(voc, places, columns, rows)
    if picture is not None:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=92)
        write_whole(picture, file.getvalue())
    ways: dict[str, Callable[[], dict[str, Any]]] = {
        "alone": partial(alone, network, voc, places),
        "none": lambda: network.predict([image], confidence=CONFIDENCE)[0],
    }
    for tile in tiles:
        ways[str(tile)] = partial(predict_tiled, network, image, tile=tile, confidence=CONFIDENCE)
    results = []
    for name, way in ways.items():
        started = time.perf_counter()
        found = way()
        seconds = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        results.append({"tile": name, **counts(found, truth), "seconds": seconds, "peak_mb": peak})
    if as_json:
        click.echo(json.dumps({"width": image.shape[1], "height": image.shape[0], "results": results}))
        return
    title = f"{image.shape[1]} x {image.shape[0]} pixels"
    table = Table("tile", "found as they are", "found enlarged", "wrong", "seconds", "peak MB", title=title)
    for result in results:
        shares = (f"{result[kind]} of {result[f'{kind}_objects']}" for kind in ("natural", "enlarged"))
        rest = (str(result["wrong"]), f"{result['seconds']:.0f}", f"{result['peak_mb']:.0f}")
        table.add_row(str(result["tile"]), *shares, *rest)
    Console().print(table)


def spread(photographs: int, columns: int, rows: int, *, seed: int = 0) -> list[Place]:
    """Return where which photographs lie in a picture of so many cells; the same seed gives the same places.

    Every fourth cell has one photograph enlarged, the others have twelve as they are.
    """
    random = np.random.default_rng(seed)
    chosen = iter(random.permutation(photographs).tolist())
    places = []
    for cell in range(columns * rows):
        left, top = cell % columns * CELL, cell // columns * CELL
        if cell % 4 == 0:
            places.append(Place(next(chosen), left, top, ENLARGED))
            continue
        for part in random.permutation(PARTS**2)[:12].tolist():
            x, y = random.integers(0, 100, 2).tolist()
            inner = CELL // PARTS
            places.append(Place(next(chosen), left + part % PARTS * inner + x, top + part // PARTS * inner + y))
    return places


def collage(voc: VOC, places: Sequence[Place], columns: int, rows: int) -> tuple[Pixels, Objects]:
    """Return the picture, smooth noise between photographs, and its objects: boxes, labels, difficult, enlarged."""
    noise = np.random.default_rng(0).integers(90, 160, (rows * 12, columns * 12, 3)).astype(np.uint8)
    image = np.asarray(cv2.resize(noise, (columns * CELL, rows * CELL), interpolation=cv2.INTER_CUBIC), np.uint8)
    parts: list[dict[str, Any]] = []
    for place in places:
        photograph, target = voc.image(place.number), voc.target(place.number)
        height, width = (place.factor * side for side in photograph.shape[:2])
        image[place.top : place.top + height, place.left : place.left + width] = cv2.resize(
            photograph, (width, height), interpolation=cv2.INTER_CUBIC
        )
        boxes = place.moved(target["boxes"])
        kept = {"labels": target["labels"], "difficult": target["difficult"]}
        parts.append({"boxes": boxes, **kept, "enlarged": np.full(len(boxes), place.factor > 1)})
    return image, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def alone(network: SPPNet | Combination, voc: VOC, places: Sequence[Place]) -> Objects:
    """Return what is found in each photograph by itself, where it lies in the picture: the most tiles can give."""
    parts = []
    for place in places:
        [found] = network.predict([voc.image(place.number)], confidence=CONFIDENCE)
        parts.append({"boxes": place.moved(found["boxes"]), "labels": found["labels"]})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def counts(found: dict[str, Any], truth: Objects) -> dict[str, int]:
    """Return how many objects there are and how many are found, natural and enlarged, and how many finds are wrong.

    Difficult objects are left out, and what hits one is neither right nor wrong.
    """
    hit = np.zeros(len(truth["labels"]), np.bool_)
    wrong = 0
    for box, label in zip(found["boxes"], found["labels"], strict=True):
        overlaps = np.where(truth["labels"] == label, _overlaps(box, truth["boxes"]), 0)
        best = int(overlaps.argmax())
        if overlaps[best] >= LEAST_IOU and (truth["difficult"][best] or not hit[best]):
            hit[best] = True
        else:
            wrong += 1
    result = {"wrong": wrong}
    for kind, mine in (("natural", ~truth["enlarged"]), ("enlarged", truth["enlarged"])):
        counted = mine & ~truth["difficult"]
        result |= {kind: int((hit & counted).sum()), f"{kind}_objects": int(counted.sum())}
    return result


def _overlaps(box: npt.NDArray[Any], boxes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the intersection over union of a box with others: (N,)."""
    sides = np.maximum(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0)
    shared = sides.prod(axis=1)
    return np.asarray(shared / (np.prod(box[2:] - box[:2]) + (boxes[:, 2:] - boxes[:, :2]).prod(axis=1) - shared))


if __name__ == "__main__":
    command()
