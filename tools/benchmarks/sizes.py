"""Training at several sizes against training at one: the same network, the same epochs, tested at many sizes.

python -m sppnet.tools.benchmarks.sizes --data VOC2007 --labels objects [--split train] [--test-split val]
    --backbone small [--sizes 224,180] [--epochs 30] [--limit 2000] [--test-limit 1000] [--plot sizes.png]
    [-o classifiers] [--json]
python -m sppnet.tools.benchmarks.sizes --data train-folder --test test-folder ...
"""

import json
import time
from pathlib import Path
from typing import Any

import click

from sppnet.data import write_whole

from ..command.console import (
    device_option,
    find_device,
    json_option,
    say,
    seed_option,
    set_threads,
    threads_option,
    workers_option,
)
from ..command.inputs.labelled import cutting_options, labels_option, open_labelled
from ..command.options.classifier_options import classifier, classifier_options
from ..command.options.detector_options import numbers
from ..command.running.fitting import fit_classifier
from ..reports.curves import scores_by_size
from ..reports.label_scores import NAMES, evaluate, show


@click.command()
@click.option("--data", "root", type=click.Path(path_type=Path), required=True, help="Folder to learn from.")
@click.option("--test", "test_root", type=click.Path(path_type=Path), help="Folder to test on.  [default: --data]")
@labels_option("folders")
@click.option("--split", help="Image set of a VOC folder to learn from.  [default: train if there is one]")
@click.option("--test-split", help="Image set of a VOC folder to test on.  [default: val if there is one]")
@click.option("--test-limit", type=click.IntRange(1), help="Only so many test images, evenly spread over all.")
@click.option("--test-sizes", default="128,160,192,224,256,288,320", callback=numbers, help="Short sides to test at.")
@classifier_options
@cutting_options
@click.option("--cache", type=click.Path(path_type=Path), default="bench-sizes.cache", help="States of the trainings.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Keep both classifiers in folders of this one.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw scores against sizes into this .png.")
@json_option
@device_option
@threads_option
@workers_option
@seed_option
def command(
    root: Path,
    test_root: Path | None,
    labels: str,
    split: str | None,
    test_split: str | None,
    test_limit: int | None,
    test_sizes: tuple[int, ...],
    limit: int | None,
    context: float,
    background: int,
    data_format: str | None,
    cache: Path,
    output: Path | None,
    plot: Path | None,
    as_json: bool,
    device: str,
    threads: int | None,
    workers: int,
    seed: int,
    **settings: Any,
) -> None:
    """Train a network at the first of some sizes, and at all of them by turns, and test both at many sizes."""
    if labels == "folders" and test_root is None:
        raise click.UsageError("class folders need others to test on: name them with --test")
    set_threads(threads)
    device = find_device(device)
    cut: dict[str, Any] = {"context": context, "background": background, "data_format": data_format}
    cut |= {"lenient": False, "seed": seed}
    images, _ = open_labelled(root, labels, split, usual="train", limit=limit, **cut)
    test, _ = open_labelled(
        test_root or root, labels, test_split, usual="val", limit=test_limit, classes=images.classes, **cut
    )
    sizes = settings["sizes"]
    results, seconds = {}, {}
    for name, chosen in {str(sizes[0]): sizes[:1], " and ".join(map(str, sizes)): sizes}.items():
        say(f"training at {name} pixels")
        started = time.perf_counter()
        given = {**settings, "sizes": chosen}
        network, training = classifier(images.classes, labels=labels, seed=seed, device=device, settings=given)
        fit_classifier(network, images, cache, workers, {**training, "held_out": 0.0})
        seconds[name] = time.perf_counter() - started
        if output is not None:
            network.save(output / name.replace(" ", "-"))
        results[name] = evaluate(network, test, sorted(test_sizes), framing="full", workers=workers)
    measure = "mAP" if labels == "image" else "top1"
    if plot is not None:
        curves = {name: [row[measure] for row in rows] for name, rows in results.items()}
        write_whole(plot, scores_by_size(sorted(test_sizes), curves, NAMES[measure]))
    if as_json:
        click.echo(
            json.dumps({"images": len(images), "test_images": len(test), "seconds": seconds, "trained": results})
        )
    else:
        show({f"trained at {name}": rows for name, rows in results.items()})
        click.echo("; ".join(f"training at {name}: {spent:.0f} s" for name, spent in seconds.items()))


if __name__ == "__main__":
    command()
