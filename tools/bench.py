"""`sppnet bench`: SPP-net against R-CNN and other detectors, on the same images, windows, weights and threads."""

import json
from pathlib import Path
from typing import Any

import click
import numpy as np

from sppnet import detector
from sppnet.data import write_whole

from .command.console import (
    device_option,
    engine_option,
    find_device,
    json_option,
    seed_option,
    set_threads,
    threads_option,
)
from .command.inputs.splits import format_option, open_split
from .command.options.completing import complete_model, complete_split
from .command.progress import Progress
from .command.running.holding import hold
from .command.warm import announce_compilation, warm_up
from .reports import race as report


def _scales(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and int(part) > 0 for part in parts) or len(set(parts)) < len(parts):
        raise click.BadParameter(f"{text!r} is not a list of different short sides in pixels such as 480,688")
    return tuple(int(part) for part in parts)


@click.command("bench")
@click.option(
    "-m",
    "--model",
    shell_complete=complete_model,
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of an SPP-net.",
)
@click.option("--data", "root", type=click.Path(path_type=Path), required=True, help="Data set with the images.")
@click.option(
    "--split",
    shell_complete=complete_split,
    help="Image set.  [default: val, valid or test if there is one, else all annotated images]",
)
@format_option
@click.option("--images", default=50, type=click.IntRange(1), help="How many images, drawn at random.")
@click.option("--rcnn-images", type=click.IntRange(1), help="R-CNN sees so many, the first.  [default: all of them]")
@click.option("--baseline", default="rcnn", type=click.Choice(["rcnn", "none"]), help="What SPP-net is compared with.")
@click.option("--rcnn-model", type=click.Path(path_type=Path), help="A trained R-CNN.  [default: SPP-net's weights]")
@click.option("--scales", default="480,576,688,864,1200", callback=_scales, help="Of SPP-net at several scales.")
@click.option("--detectors", default="all", type=click.Choice(["all", "none"]), help="Also race torchvision's.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for bench.json and bench.png.")
@json_option
@device_option
@engine_option
@threads_option
@seed_option
def command(
    model: Path,
    root: Path,
    split: str | None,
    data_format: str | None,
    images: int,
    rcnn_images: int | None,
    baseline: str,
    rcnn_model: Path | None,
    scales: tuple[int, ...],
    detectors: str,
    output: Path | None,
    as_json: bool,
    device: str,
    engine: str,
    threads: int | None,
    seed: int,
) -> None:
    """Race SPP-net against R-CNN and other detectors: time by stage, speed ratios, floors, memory, mAP."""
    if baseline == "none" and (rcnn_model or rcnn_images):
        raise click.UsageError("--rcnn-model and --rcnn-images are for --baseline rcnn")
    set_threads(threads)
    with announce_compilation():
        import torch

        from .benchmarks import race
        from .benchmarks.floors import measure_rates

    device = find_device(device)
    network = detector.load_detector(model, device=device, engine=engine)
    data = open_split(root, split, usual="val", classes=network.classes, lenient=False, data_format=data_format)
    numbers = np.random.default_rng(seed).permutation(len(data))[:images].tolist()
    contenders = race.spp_net(network, scales)
    if baseline == "rcnn":
        trained = None if rcnn_model is None else detector.load_detector(rcnn_model, device=device, engine=engine)
        contenders.append(race.r_cnn(network, trained, min(rcnn_images or images, len(numbers))))
    if detectors == "all":
        contenders += race.networks(seed, device)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)  # before the work: it may not be possible
        hold(output, inside=True)
    warm_up(network.search)
    rates = measure_rates(*sorted({"float32", *race.precisions(contenders)}), device=device)
    with Progress() as progress:
        laps = race.run_race(data, numbers, network.search, contenders, rates, progress, device=device)
    result: dict[str, Any] = {
        "data": data.root.name,
        "split": data.split,
        "device": device,
        "threads": torch.get_num_threads(),
        "seed": seed,
        **report.compare(laps, data),
    }
    if as_json:
        click.echo(json.dumps(result))
    else:
        report.show(result)
    if output is not None:
        write_whole(output / "bench.json", (json.dumps(result, indent=2) + "\n").encode())
        write_whole(output / "bench.png", report.picture(result))
