"""The options of `sppnet detect` and `sppnet eval` that say what is done for an image beyond the usual."""

from typing import Any

import click

from sppnet import detector

from .detector_options import numbers
from .together import together

# The options of `chosen_inference`, which are None, False or empty where they are not given.
inference_options = together(
    click.option(
        "--scales", callback=numbers, help="Short sides images are resized to, as 480,600,800.  [default: the model's]"
    ),
    click.option("--mirror", is_flag=True, help="Beyond the paper: look at the mirror image, too."),
    click.option("--soft", is_flag=True, help="Beyond the paper: lower the scores beside better boxes, drop no box."),
    click.option("--voting", is_flag=True, help="Beyond the paper: make boxes the mean of those around them."),
)


def chosen_inference(settings: dict[str, Any]) -> "detector.Inference":
    """Return what the options ask for.

    Raises:
        InputError: If a setting is out of its range.
    """
    return detector.Inference(**{name: value for name, value in settings.items() if value})
