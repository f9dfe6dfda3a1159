"""A model on a GPU: milliseconds of an image by stage, images a second, and R-CNN's time by it, beside the arithmetic.

python -m sppnet.tools.benchmarks.device -m MODEL --data VOC2007 [--split val] [--limit 64] [--device cuda]
    [--rcnn-images 4] [--scales 480,576,688,864,1200] [--workers 16] [--json]

Stages are timed by the device's own events. `--device cpu:0` takes a GPU's path on the CPU, to see that it works.
"""

import json
import math
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import torch
from rich.console import Console
from rich.table import Table
from torch.utils._python_dispatch import TorchDispatchMode

from sppnet.data import VOC
from sppnet.detector import Inference, SPPNet, load_detector
from sppnet.detector.pooling.device import DeviceVectors
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.pooling.projection import PAPER_SCALES
from sppnet.detector.scoring.batches import detect_together
from sppnet.detector.scoring.device import DeviceScorer
from sppnet.detector.types import Floats, Image

from ..command.console import BAD_MODEL, CommandError, json_option, workers_option
from ..command.inputs.items import Items
from ..command.options.detector_options import numbers
from ..command.running.lanes import lanes_for
from ..command.running.predicting import AT_ONCE, found_in
from ..command.running.proposing import propose_ahead
from ..command.warm import warm_up
from .floors import measure_rates, spp_work
from .race import WindowDetector, r_cnn

# Operations of torch that only look at memory in another way.
LOOKS = {
    *("view", "reshape", "_unsafe_view", "permute", "transpose", "t", "numpy_T", "expand", "expand_as", "slice"),
    *("select", "unsqueeze", "squeeze", "flatten", "unbind", "detach", "alias", "as_strided"),
    *("resolve_conj", "resolve_neg", "empty", "empty_like", "new_empty"),
}
RUNS = 5
PROPOSED = 150  # images for each process


class Launches(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the operations of torch that compute or copy: on a GPU each is a launch or a few.

    Attributes:
        counts: By the operation's name.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        name = operation.overloadpacket.__name__
        if name not in LOOKS:
            self.counts[name] += 1
        return operation(*args, **(kwargs or {}))


@click.command()
@click.option("-m", "--model", "folder", type=click.Path(path_type=Path), default="voc07", help="A fitted model.")
@click.option("--data", envvar="SPPNET_VOC2007", type=click.Path(path_type=Path), required=True, help="A VOC folder.")
@click.option("--split", default="val", help="Image set.")
@click.option("--limit", type=click.IntRange(1), default=64, help="Only the first so many images.")
@click.option("--rcnn-images", type=click.IntRange(0), default=4, help="How many of them R-CNN sees.")
@click.option("--scales", default=",".join(map(str, PAPER_SCALES)), callback=numbers, help="Several short sides.")
@click.option("--device", default="cuda", help="As torch names it.")
@workers_option
@json_option
def command(
    folder: Path,
    data: Path,
    split: str,
    limit: int,
    rcnn_images: int,
    scales: tuple[int, ...],
    device: str,
    workers: int,
    as_json: bool,
) -> None:
    """Print what an image takes on a device, one by one and in batches, and what R-CNN takes there."""
    voc, model = VOC(data, split), load_detector(folder, device=device)
    if device == "cpu" or not isinstance(model.layered()[0], WindowFeatures):
        raise CommandError("needs an SPP-net and another device than the CPU; its path runs there as cpu:0", BAD_MODEL)
    warm_up(model.search)
    images = [voc.image(number) for number in range(len(voc))[:limit]]
    windows = [model.search(image) for image in images]
    report = {
        "device": torch.cuda.get_device_name(device) if device.startswith("cuda") else device,
        "images": len(images),
        **measured(model, images, windows, scales, rcnn_images),
        "images a second with proposals": _with_proposals(model, Items(voc, len(images)), workers),
        "proposals alone": _proposed_alone(model, voc, workers),
    }
    if as_json:
        click.echo(json.dumps(report))
        return
    table = Table("what", "figure", title=f"{folder} on {report['device']}, {len(images)} images of {split}")
    for name, figure in report.items():
        parts = figure.items() if isinstance(figure, dict) else [("", figure)]
        for part, value in parts:
            table.add_row(f"{name} {part}".strip(), f"{value:.2f}" if isinstance(value, float) else str(value))
    Console().print(table)


def measured(
    model: SPPNet, images: Sequence[Image], windows: Sequence[Floats], scales: Sequence[int], rcnn_images: int
) -> dict[str, Any]:
    """Return what the images take without proposals, and how many launches.

    Args:
        model: On the device.
        images: uint8 (H, W, 3).
        windows: float32 (N, 4) of each.
        scales: Several short sides, beside the model's own.
        rcnn_images: How many of the images R-CNN sees.
    """
    several = Inference(scales=tuple(scales))

    def alone(number: int, inference: Inference | None = None) -> dict[str, float]:
        [found] = model.predict([images[number]], windows=[windows[number]], inference=inference)
        stages: dict[str, float] = found["milliseconds"]
        return stages

    every, one_size = range(len(images)), _of_one_size(images)
    several_ms = _milliseconds(lambda number: alone(number, several), every)
    one_ms = _milliseconds(alone, every)
    stages = [alone(number) for number in every]
    report = {
        "ms an image, one by one": one_ms,
        "ms by stage": {name: statistics.median(some[name] for some in stages) for name in stages[0]},
        "floor, ms": floors(model, images[0], windows[0]),
        "images a second in batches": 1000 / _milliseconds(
            lambda _: model.predict(images, windows=windows), range(RUNS)
        ) * len(images),
        f"ms an image at {len(scales)} scales": several_ms,
        "launches of an image": launches(lambda: alone(0)).total(),
        f"launches of a batch of {len(one_size)}": launches(
            lambda: model.predict([images[n] for n in one_size], windows=[windows[n] for n in one_size])
        ).total(),
    }  # fmt: skip
    if rcnn_images:
        rival = r_cnn(model, None, rcnn_images)
        assert isinstance(rival, WindowDetector)
        scorer = DeviceScorer(rival.scorer, model.device)

        def warped(number: int) -> object:
            if rival.head is not None:
                return rival.run(images[number], windows[number])
            return detect_together(rival.features, scorer, [images[number]], [windows[number]])

        ms = _milliseconds(warped, every[:rcnn_images])
        report |= {"R-CNN, ms an image": ms, "R-CNN by one scale": ms / one_ms, "R-CNN by several": ms / several_ms}
    return report


def floors(model: SPPNet, image: Image, windows: Floats) -> dict[str, float]:
    """Return the least milliseconds of the stages of an image whose work can be counted, at the device's own rates."""
    features, scorer = model.layered()
    assert isinstance(features, WindowFeatures)
    vectors = features.vectors(image, windows)
    assert isinstance(vectors, DeviceVectors)
    size = (image.shape[0], image.shape[1])
    work = spp_work(features, scorer, vectors.windows, size, len(model.predict([image], windows=[windows])[0]["boxes"]))
    rates = measure_rates(*{"float32", features.backbone.precision}, device=model.device)
    least = {stage: rates.milliseconds(some) for stage, some in work.items()}
    return {**least, "all": sum(least.values())}


def launches(compute: Callable[[], object]) -> Counter[str]:
    """Return how often a computation asks torch for each operation, the second time that it is done."""
    compute()
    seen = Launches()
    with seen:
        compute()
    return seen.counts


def _of_one_size(images: Sequence[Image]) -> list[int]:
    """Return the numbers of up to eight images of the size of the first."""
    return [number for number, image in enumerate(images) if image.shape == images[0].shape][:8]


def _milliseconds(action: Callable[[int], object], items: Sequence[int]) -> float:
    """Return the median that an action takes after a first time, by the clock on the wall: it ends with a copy here."""
    action(items[0])
    spent = []
    for item in items:
        started = time.perf_counter()
        action(item)
        spent.append(1000 * (time.perf_counter() - started))
    return statistics.median(spent)


def _with_proposals(model: SPPNet, items: Items, workers: int) -> float:
    """Return images a second, those of the first batch, for which processes start, not counted."""
    with closing(found_in(model, items, workers)) as found:
        return _rate(found, AT_ONCE)


def _proposed_alone(model: SPPNet, voc: VOC, workers: int) -> dict[str, float]:
    """Return how many images processes propose in a second once all are at work, and what one costs this process."""
    processes = lanes_for(voc, workers)
    items = Items(voc, processes * PROPOSED)
    with closing(propose_ahead(items, model.search, processes)) as proposed:
        busy = time.process_time()
        rate = _rate(proposed, len(items) // 2)  # by then all have started
    busy = time.process_time() - busy
    return {"images a second": rate, "ms of this process an image": 1000 * busy / len(items)}


def _rate(results: Iterator[Any], first: int) -> float:
    """Return how many results come in a second after the first ones, until the last; NaN if there are no more."""
    times = [time.perf_counter() for _ in results]  # processes end after the last
    return (len(times) - first) / (times[-1] - times[first - 1]) if len(times) > first else math.nan


if __name__ == "__main__":
    command()
