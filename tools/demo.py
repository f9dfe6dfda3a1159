"""`sppnet demo`: the bundled model on a photograph that matplotlib brings; or the whole way, on shapes drawn here."""

from pathlib import Path

import click
import numpy as np
from matplotlib.cbook import get_sample_data
from PIL import Image

from sppnet import detector
from sppnet.data import open_data, whole_path, write_whole

from .command.console import device_option, find_device, say, seed_option, set_threads, threads_option, workers_option
from .command.detecting.sources import Source
from .command.inputs.items import Items
from .command.running.holding import hold
from .command.running.models import load
from .command.shapes import draw_shapes, write_shapes
from .command.warm import warm_up
from .detect import Task, detect
from .reports.detections import annotate, summary
from .train import fit

PHOTOGRAPH = "grace_hopper.jpg"
SCALE = 480  # twice the drawn pictures' short side: their shapes are small for a map of stride 16
REGULARISATION = 0.01  # C of the SVMs: there are few examples


@click.command("demo")
@click.option("-o", "--output", type=click.Path(path_type=Path), default="demo", help="Folder for everything it makes.")
@click.option("--train", is_flag=True, help="Go the whole way: draw a small data set, train on it, detect with that.")
@device_option
@threads_option
@workers_option
@seed_option
def command(output: Path, train: bool, device: str, threads: int | None, workers: int, seed: int) -> None:
    """Find the objects in a photograph and draw them, with the model that comes with sppnet."""
    set_threads(threads)
    device = find_device(device)
    hold(output, inside=True)
    network: detector.SPPNet | detector.Combination
    if train:
        network, source = learn_shapes(output, device, workers, seed)
    else:
        network, source = load((), "union", device, "auto"), Path(str(get_sample_data(PHOTOGRAPH, asfileobj=False)))
        warm_up(network.search)
    image, record = detect(network, Source(str(source)), Task([0.5] * len(network.classes)))
    write_whole(output / "detections.jpg", annotate(image, record, network.classes))
    click.echo(summary(record))
    click.echo(f"The picture with what was found is {output / 'detections.jpg'}.")


def learn_shapes(output: Path, device: str, workers: int, seed: int) -> "tuple[detector.SPPNet, Path]":
    """Draw a data set, train a model on it, which is saved, and return it with a picture that it has not seen."""
    shapes, unseen = output / "shapes", output / "unseen.png"
    write_shapes(shapes, seed=seed)
    with whole_path(unseen) as partial:
        Image.fromarray(draw_shapes(np.random.default_rng([seed, 1]))[0]).save(partial, "PNG")
    train = open_data(shapes, "train")
    say(f"{len(train)} pictures of {', '.join(train.classes)} drawn in {shapes}")
    network = detector.SPPNet(
        train.classes,
        backbone="alexnet",
        weights="random",
        pooling=detector.Pooling(scales=(SCALE,)),
        training=detector.Training(mining=detector.Mining(C=REGULARISATION)),
        seed=seed,
        device=device,
    )
    warm_up(network.search, training=True)
    fit(network, Items(train), output / "cache", workers)
    network.save(output / "model")
    say(f"the model is in {output / 'model'}")
    return network, unseen
