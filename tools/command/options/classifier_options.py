"""The options that choose what kind of classifier is trained, and how."""

from typing import Any

import click

from sppnet import detector

from ..console import FiniteRange
from ..inputs.represented import mean_average_precision
from .completing import complete_weights
from .detector_options import BACKBONE, numbers
from .together import together

POSITIVE = FiniteRange(0, min_open=True)


def _widths(context: click.Context, option: click.Parameter, text: str) -> tuple[int, ...]:
    return () if text == "none" else numbers(context, option, text) or ()


# The options of `classifier`, and those of its training.
classifier_options = together(
    click.option("--backbone", type=BACKBONE, default="small", help="Conv layers."),
    click.option(
        "--weights",
        shell_complete=complete_weights,
        default="random",
        metavar="random|imagenet|FILE|MODEL",
        help="What they start from.",
    ),
    click.option("--levels", default="1,2,3,6", callback=numbers, help="Bins per side of the pyramid's levels."),
    click.option(
        "--widths", default="1024", callback=_widths, help="Of the fully connected layers, as 4096,4096; or none."
    ),
    click.option("--dropout", type=FiniteRange(0, 0.99), default=0.5, help="Of these layers."),
    click.option(
        "--sizes", default="224,180", callback=numbers, help="Sides of the inputs in pixels; the largest is the crop's."
    ),
    click.option(
        "--schedule",
        type=click.Choice(["epochs", "random"]),
        default="epochs",
        help="Sizes by turns, an epoch each; or for each epoch a random one from the least to the largest.",
    ),
    click.option("--epochs", type=click.IntRange(1), default=30, help="Times that every image is seen."),
    click.option("--batch", type=click.IntRange(1), default=64, help="Images at a time."),
    click.option("--learning-rate", type=POSITIVE, default=0.001, help="Highest learning rate."),
    click.option("--weight-decay", type=FiniteRange(0), default=0.05, help="Of the weights."),
)
OF_NETWORK = ("backbone", "weights", "levels", "widths", "dropout")


def classifier(
    classes: tuple[str, ...], *, labels: str, seed: int, device: str, settings: dict[str, Any]
) -> "tuple[detector.Classifier, dict[str, Any]]":
    """Return the classifier that the options ask for, not trained yet, and the settings of its training.

    Raises:
        InputError: If settings do not go together.
    """
    network = {name: settings[name] for name in OF_NETWORK}
    training = {name: value for name, value in settings.items() if name not in OF_NETWORK}
    if labels == "image":
        training["quality"] = mean_average_precision
    return detector.Classifier(classes, multi_label=labels == "image", seed=seed, device=device, **network), training
