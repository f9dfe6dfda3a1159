"""`sppnet demo`: the whole way in a minute, on shapes drawn here: train, detect on an unseen picture, draw it."""

from pathlib import Path

import click
import numpy as np
from PIL import Image

from data import VOC

from .console import device_option, find_device, say, seed_option, set_threads, threads_option, workers_option
from .detect import annotate, detect, summary
from .files import write_whole
from .shapes import draw_shapes, write_shapes
from .splits import ReadableImages
from .train import fit
from .warm import warm_up

SCALE = 480  # twice the pictures' short side: their shapes are small for a map of stride 16
REGULARISATION = 0.01  # C of the SVMs: there are few examples


@click.command("demo")
@click.option("-o", "--output", type=click.Path(path_type=Path), default="demo", help="Folder for everything it makes.")
@device_option
@threads_option
@workers_option
@seed_option
def command(output: Path, device: str, threads: int | None, workers: int, seed: int) -> None:
    """Draw a small data set of shapes, train on it and detect on an unseen picture."""
    set_threads(threads)
    device = find_device(device)
    from detector import Mining, SPPNet

    shapes, unseen = output / "shapes", output / "unseen.png"
    write_shapes(shapes, seed=seed)
    Image.fromarray(draw_shapes(np.random.default_rng([seed, 1]))[0]).save(unseen)
    train = VOC(shapes, split="train")
    say(f"{len(train)} pictures of {', '.join(train.classes)} drawn in {shapes}")
    network = SPPNet(
        train.classes,
        trunk="alexnet",
        weights="random",
        scales=(SCALE,),
        mining=Mining(C=REGULARISATION),
        seed=seed,
        device=device,
    )
    warm_up(network.search, training=True)
    fit(network, ReadableImages(train), output / "cache", workers)
    network.save(output / "model")
    image, record = detect(network, unseen, confidence=0.5, iou=0.3)
    write_whole(output / "detections.jpg", annotate(image, record, train.classes))
    click.echo(summary(record))
    click.echo(f"The picture with what was found is {output / 'detections.jpg'}, the model is in {output / 'model'}.")
