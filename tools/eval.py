"""`sppnet eval`: a model, or detections from a file, scored on the annotated images of a VOC folder."""

import json
import math
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import numpy as np
import numpy.typing as npt

from sppnet.data import VOC, average_precision, coco_average_precision, read_detections

from .command.console import (
    BAD_DATA,
    CommandError,
    device_option,
    find_device,
    finish,
    json_option,
    lenient_option,
    set_threads,
    threads_option,
    workers_option,
)
from .command.files import write_whole
from .command.lanes import lanes_for, side_by_side
from .command.models import BUNDLED, load, merge_option, models_option
from .command.progress import Progress
from .command.splits import ReadableImages, open_split, windows_from
from .command.warm import warm_up
from .reports.evaluation import markdown, show

if TYPE_CHECKING:
    from sppnet.detector import Combination, SPPNet

METRICS = ("voc07", "voc12", "coco")

Arrays = dict[str, npt.NDArray[Any]]


def _metrics(_context: click.Context, _option: click.Parameter, text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in METRICS]
    if unknown:
        raise click.BadParameter(f"there is no metric {unknown[0]!r}; there are {', '.join(METRICS)}")
    return names


def _classes(_context: click.Context, _option: click.Parameter, text: str | None) -> list[str] | None:
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise click.BadParameter(f"{text!r} must be distinct names with commas between")
    return names


def _report(_context: click.Context, _option: click.Parameter, file: Path | None) -> Path | None:
    if file is not None and file.suffix not in (".md", ".json"):
        raise click.BadParameter(f"{file} must end in .md or .json")
    return file


@click.command("eval")
@models_option
@merge_option
@click.option("--from", "source", type=click.Path(path_type=Path), help="Score the detections in this file instead.")
@click.option("--classes", callback=_classes, help="With --from: its classes in order.  [default: those annotated]")
@click.option("--data", "root", type=click.Path(path_type=Path), required=True, help="VOC folder with the truth.")
@click.option("--split", help="Image set.  [default: val if there is one, else all annotated images]")
@click.option("--metrics", default="voc07", callback=_metrics, help="voc07, voc12, coco, with commas between.")
@click.option("--windows", type=click.Path(path_type=Path), help="Take windows from this file: .npz, .json or .mat.")
@click.option("--no-regression", is_flag=True, help="Leave windows where they are.")
@click.option("--limit", type=click.IntRange(1), help="Only so many images, the first.")
@click.option("--report", type=click.Path(path_type=Path), callback=_report, help="Write the result as .md or .json.")
@click.option("--save-detections", type=click.Path(path_type=Path), help="Write what was found, for --from.")
@lenient_option
@json_option
@device_option
@threads_option
@workers_option
def command(
    models: tuple[Path, ...],
    merge: str,
    source: Path | None,
    classes: list[str] | None,
    root: Path,
    split: str | None,
    metrics: list[Literal["voc07", "voc12", "coco"]],
    windows: Path | None,
    no_regression: bool,
    limit: int | None,
    report: Path | None,
    save_detections: Path | None,
    lenient: bool,
    as_json: bool,
    device: str,
    threads: int | None,
    workers: int,
) -> None:
    """Score a model on annotated images, by average precision of each class and its mean (mAP)."""
    if models and source is not None:
        raise click.UsageError("give either a model with -m or detections with --from")
    if source is not None and windows is not None:
        raise click.UsageError("--windows is for a model: the detections of --from have been made")
    if source is None and classes is not None:
        raise click.UsageError("a model brings its own classes: --classes is for --from")
    if source is not None:
        voc = open_split(root, split, usual="val", classes=classes, lenient=lenient)
        milliseconds: dict[str, float] = {}
        given = read_detections(source, voc.ids, voc.classes, ignored=voc.dropped)
        found = dict(list(enumerate(given))[:limit])
        images = ReadableImages(voc, limit)
    else:
        set_threads(threads)
        device = find_device(device)
        network = load(models, merge, device, regression=not no_regression)
        voc = open_split(root, split, usual="val", classes=network.classes, lenient=lenient)
        images = ReadableImages(voc, limit)
        proposed = None if windows is None else windows_from(windows, images)
        warm_up(*([network.search] if windows is None else []))
        found, milliseconds = detect_all(network, images, workers, proposed)
    result = {
        "images": len(found),
        "metrics": {rule: score(rule, found, voc) for rule in metrics},
        "milliseconds": milliseconds,
    }
    if as_json:
        click.echo(json.dumps(result))
    else:
        show(result)
    if save_detections is not None:
        write_whole(save_detections, detections_file(found, voc))
    if report is not None:
        tested = source or " and ".join(map(str, models or (BUNDLED,)))
        title = f"{tested} on {voc.root.name} {voc.split or 'all images'}"
        text = json.dumps(result, indent=2) + "\n" if report.suffix == ".json" else markdown(result, title)
        write_whole(report, text.encode())
    finish(skipped=bool(voc.problems) or images.skipped > 0)


def detect_all(
    network: "SPPNet | Combination",
    images: ReadableImages,
    workers: int,
    windows: Iterable[npt.NDArray[np.float32]] | None = None,
) -> tuple[dict[int, Arrays], dict[str, float]]:
    """Return what the model finds in images, by their numbers, and milliseconds per stage and image.

    Images are worked on side by side, so the stages of one can take longer together than `wall`, all the time divided
    by the number of images.

    Args:
        network: Detects.
        images: Where it does.
        workers: How many images are worked on at once.
        windows: Those of every image; by default the model proposes them.

    Raises:
        DataError: If an image cannot be read and the data set is strict.
        CommandError: If none can be read.
    """
    found: dict[int, Arrays] = {}
    totals: defaultdict[str, float] = defaultdict(float)
    pixels = (image for image, _ in images)
    pairs = ((image, None) for image in pixels) if windows is None else zip(pixels, windows, strict=True)
    started = time.perf_counter()
    with Progress() as progress:
        for outcome in side_by_side(partial(_detect, network), pairs, lanes=lanes_for(images, workers)):
            result = outcome.result()
            for stage, spent in result["milliseconds"].items():
                totals[stage] += spent
            found[images.numbers[len(found)]] = {name: result[name] for name in ("boxes", "labels", "scores")}
            progress("images", len(found), len(images))
    if not found:
        raise CommandError("none of the images could be read", BAD_DATA)
    totals["wall"] = 1000 * (time.perf_counter() - started)
    return found, {stage: total / len(found) for stage, total in totals.items()}


def _detect(
    network: "SPPNet | Combination", pair: tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32] | None]
) -> dict[str, Any]:
    image, windows = pair
    return network.predict([image], windows=None if windows is None else [windows])[0]


def score(rule: Literal["voc07", "voc12", "coco"], found: dict[int, Arrays], voc: VOC) -> dict[str, Any]:
    """Return {"mAP", "AP": {class: value}} by a rule of VOC, or COCO's {"mAP", "AP50", ...}; None means no objects."""
    detections, targets = list(found.values()), [voc.target(number) for number in found]
    if rule == "coco":
        scores = coco_average_precision(detections, targets, len(voc.classes))
        return {"mAP" if name == "AP" else name: _known(value) for name, value in scores.items()}
    values = average_precision(detections, targets, len(voc.classes), rule=rule)
    precisions = {name: _known(value) for name, value in zip(voc.classes, values.tolist(), strict=True)}
    known = [value for value in precisions.values() if value is not None]
    return {"mAP": sum(known) / len(known) if known else None, "AP": precisions}


def detections_file(found: dict[int, Arrays], voc: VOC) -> bytes:
    """Return the detections as the JSON that `--from` reads, one image a line."""
    images = [
        json.dumps(list(_records(voc.ids[number], objects, voc.classes)))[1:-1] for number, objects in found.items()
    ]
    return ("[" + ",\n".join(filter(None, images)) + "]\n").encode()


def _records(image: str, found: Arrays, classes: Sequence[str]) -> Iterator[dict[str, Any]]:
    columns = (found[name].tolist() for name in ("labels", "boxes", "scores"))
    for label, box, score in zip(*columns, strict=True):
        yield {"image": image, "label": classes[label], "box": box, "score": score}


def _known(value: float) -> float | None:
    """Return None for NaN, which JSON does not have."""
    return None if math.isnan(value) else value
