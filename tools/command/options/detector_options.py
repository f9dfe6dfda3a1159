"""The options of `sppnet train` that choose what kind of detector is made."""

from dataclasses import replace
from typing import Any, Literal

import click

from sppnet import detector, proposals

from ..console import FiniteRange
from .choices import ChoiceOf
from .completing import complete_weights
from .together import together

BACKBONE = ChoiceOf(lambda: detector.BACKBONES)


def numbers(_context: click.Context, _option: click.Parameter, text: str | None) -> tuple[int, ...] | None:
    """Return the positive whole numbers that an option lists with commas between.

    Raises:
        click.BadParameter: If it lists something else.
    """
    if text is None:
        return None
    parts = text.split(",")
    if not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise click.BadParameter(f"{text!r} is not a list of positive whole numbers such as 600 or 480,600")
    return tuple(int(part) for part in parts)


# The options of `network`.
network_options = together(
    click.option("--method", type=click.Choice(["sppnet", "rcnn"]), default="sppnet", help="R-CNN is the baseline."),
    click.option("--backbone", type=BACKBONE, default="efficientnet_lite0", help="Conv layers."),
    click.option(
        "--weights",
        shell_complete=complete_weights,
        default="imagenet",
        metavar="imagenet|random|FILE|MODEL",
        help="What the backbone starts from.",
    ),
    click.option(
        "--preprocessing",
        type=ChoiceOf(lambda: detector.PREPROCESSINGS),
        help="What the weights expect of an image.  [default: what their file says, else torchvision]",
    ),
    click.option(
        "--precision",
        type=click.Choice(["float32", "bfloat16"]),
        default="float32",
        help="Of the conv layers; bfloat16 is faster on processors that have instructions for it.",
    ),
    click.option("--scales", default="600", callback=numbers, help="Short sides images are resized to, as 480,600."),
    click.option(
        "--geometry",
        type=click.Choice(["paper", "release"]),
        default="paper",
        help="How a window chooses its scale and its cells.",
    ),
    click.option(
        "--mode",
        type=ChoiceOf(lambda: proposals.MODES),
        default="fast",
        help="Of the search for windows.",
    ),
    click.option("--max-windows", type=click.IntRange(1), default=2000, help="That the search proposes of an image."),
    click.option("--context", is_flag=True, help="Beyond the paper: pool what is around a window and the whole image."),
    click.option(
        "--also-map", metavar="NAME", help="Beyond the paper: pool this map of the backbone, too, fire5, say."
    ),
    click.option(
        "--fine-tune",
        "tuning",
        type=ChoiceOf(lambda: detector.PRESETS),
        help="Train layers by a softmax first: linear, none but the last; conv, conv layers, too; cpu, fc6 and fc7 of "
        "1024 on 128 channels; paper, of 4096.",
    ),
    click.option("--unfreeze", is_flag=True, help="Beyond the paper: let the last conv layers learn, too."),
    click.option("--epochs", type=click.IntRange(1), help="Of fine-tuning.  [default: 8; of conv, 12]"),
    click.option(
        "--learning-rate",
        type=FiniteRange(0, min_open=True),
        help="Highest learning rate.  [default: 0.0002; of conv, 0.0003]",
    ),
    click.option(
        "--layer",
        type=click.Choice(["pool", "fc6", "fc7"]),
        default="pool",
        help="Whose vectors SVMs and box regression see.",
    ),
    click.option(
        "--scores",
        type=click.Choice(["svm", "softmax"]),
        help="What scores windows: SVMs, or the softmax of fine-tuning.  [default: svm; of --preset hours, softmax]",
    ),
    click.option("--C", "C", type=FiniteRange(0, min_open=True), help="Inverse strength of the regularisation."),
    click.option("--no-regression", is_flag=True, help="Do not learn to move windows onto objects."),
)


def network(
    classes: tuple[str, ...],
    *,
    method: str,
    mode: str,
    max_windows: int,
    scales: tuple[int, ...],
    geometry: "Literal['paper', 'release']",
    context: bool,
    also_map: str | None,
    tuning: str | None,
    scores: "Literal['svm', 'softmax'] | None",
    unfreeze: bool,
    epochs: int | None,
    learning_rate: float | None,
    C: float | None,
    no_regression: bool,
    preset: str | None = None,
    **settings: Any,
) -> "detector.SPPNet":
    """Return the detector that the options ask for, not trained yet.

    The preset "hours" stands for --fine-tune conv --context --scores softmax where these are not given.

    Raises:
        click.UsageError: If options of fine-tuning are given without it.
        InputError: If settings do not go together.
    """
    if preset == "hours":
        tuning, scores, context = tuning or "conv", scores or "softmax", True
    chosen = {"unfreeze": unfreeze or None, "epochs": epochs, "learning_rate": learning_rate}
    changes: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    if tuning is None and changes:
        raise click.UsageError(f"--{next(iter(changes))} is for fine-tuning: add --fine-tune linear, say")
    views = (*(detector.CONTEXT if context else ()), *([detector.View((1, 2, 3), map=also_map)] if also_map else []))
    usual = (detector.View(),) if method == "rcnn" else detector.usual_views(settings["backbone"])
    training = detector.Training() if C is None else detector.Training(mining=detector.Mining(C=C))
    return (detector.RCNN if method == "rcnn" else detector.SPPNet)(
        classes,
        search=proposals.SelectiveSearch(mode=mode, limit=max_windows),
        pooling=detector.Pooling(scales=scales, geometry=geometry, views=(*usual, *views)),
        training=replace(training, regression_examples=0) if no_regression else training,
        fine_tuning=None if tuning is None else replace(detector.PRESETS[tuning], **changes),
        scores=scores or "svm",
        **settings,
    )
