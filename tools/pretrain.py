"""`sppnet pretrain`: conv layers that detectors start from, learned from labels or from a larger backbone."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from .command.console import (
    device_option,
    json_option,
    lenient_option,
    model_output_option,
    seed_option,
    threads_option,
)
from .command.inputs.labelled import cutting_options, labels_option
from .command.options.classifier_options import classifier_options
from .command.options.detector_options import BACKBONE, numbers
from .pretrain_labels import pretrain_on_labels
from .pretrain_teacher import pretrain_by_teacher

# What both ways to learn take, with other defaults; and what only one of them takes.
BY_TEACHER = {"sizes": (160, 224, 288), "batch": 16, "learning_rate": 2e-3}
OF_TEACHER = {"teacher_backbone", "steps", "scales", "precision"}
OF_LABELS = {"labels", "weights", "levels", "widths", "dropout", "schedule", "epochs", "weight_decay", "held_out",
             "limit", "context", "background", "data_format"}  # fmt: skip


@click.command("pretrain")
@click.option(
    "--data", type=click.Path(path_type=Path), multiple=True, required=True, help="Folder to learn from; or several."
)
@labels_option("folders")
@click.option(
    "--teacher", metavar="FILE|MODEL", type=click.Path(path_type=Path), help="Backbone to learn from instead of labels."
)
@click.option("--teacher-backbone", type=BACKBONE, default="squeezenet1_1", help="What FILE is of.")
@click.option("--steps", type=click.IntRange(1), default=20_000, help="Batches to learn from a teacher.")
@click.option("--scales", default="300,700", callback=numbers, help="Short sides of what a teacher sees are between.")
@click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    help="Of conv layers, with a teacher; bfloat16 is faster on processors that have instructions for it.",
)
@click.option("--split", help="Split of a data set.  [default: train if there is one, else all annotated images]")
@model_output_option
@classifier_options
@click.option(
    "--held-out", type=click.FloatRange(0, 1, max_open=True), default=0.1, help="Part of the images that is scored."
)
@cutting_options
@click.option(
    "--cache", type=click.Path(path_type=Path), help="Folder for the training's state; kept.  [default: OUTPUT.cache]"
)
@lenient_option
@json_option
@device_option
@threads_option
@click.option("--workers", type=click.IntRange(1), default=2, help="Threads that read images ahead.")
@seed_option
@click.pass_context
def command(context: click.Context, /, data: tuple[Path, ...], teacher: Path | None, **options: Any) -> None:
    """Learn conv layers that detectors start from: by classifying labelled images, or with --teacher from any images.

    Labels make an image classifier with pyramid pooling, trained at several input sizes; its folder, OUTPUT, holds the
    conv layers as backbone.safetensors. A teacher, a larger backbone, is imitated at every cell of its maps; OUTPUT is
    the weights file then. Run again after an interruption, the same command goes on where it was.
    """
    given = {name for name in options if context.get_parameter_source(name) is not ParameterSource.DEFAULT}
    foreign = sorted(given & (OF_LABELS if teacher else OF_TEACHER))
    if foreign:
        option = f"--{foreign[0].removeprefix('data_').replace('_', '-')}"
        raise click.UsageError(f"{option} {'does not go with' if teacher else 'needs'} --teacher")
    options = {name: value for name, value in options.items() if name not in (OF_LABELS if teacher else OF_TEACHER)}
    if teacher:
        defaults = {name: value for name, value in BY_TEACHER.items() if name not in given}
        pretrain_by_teacher(data=data, teacher=teacher, **options | defaults)
        return
    if len(data) > 1:
        raise click.UsageError("labels are read from one --data folder")
    pretrain_on_labels(root=data[0], **options)
