"""The model, or the several models, that a command detects with."""

from collections.abc import Sequence
from pathlib import Path

import click

from sppnet import detector

from ..console import say
from ..options.completing import complete_model

BUNDLED = "voc07"  # what detects where no model is named: twenty classes of Pascal VOC

models_option = click.option(
    "-m",
    "--model",
    "models",
    shell_complete=complete_model,
    type=click.Path(path_type=Path),
    multiple=True,
    help="Folder of a model that `sppnet train` made; given several times, the models detect together.  "
    f"[default: {BUNDLED}, a small model that comes with sppnet]",
)
merge_option = click.option(
    "--merge",
    type=click.Choice(["union", "mean"]),
    default="union",
    help="Of several models: the best score of a window counts, or the mean of their scores.",
)


def load(
    folders: Sequence[Path], merge: str, device: str, engine: str, *, regression: bool = True
) -> "detector.SPPNet | detector.Combination":
    """Return the model in a folder, or those in several folders combined, to compute on a device; of none, the bundled.

    That is the bundled one even where there is a folder of its name.

    Without regression they leave windows where they are.

    Raises:
        ModelError: If a folder holds no model, or a damaged one.
        InputError: If the models' classes differ.
    """
    bundled = Path(detector.__path__[0], "models", BUNDLED)
    networks = [detector.load_detector(folder, device=device, engine=engine) for folder in folders or [bundled]]
    for folder, network in zip(folders, networks, strict=False):
        if network.remark:
            say(f"{folder}: {network.remark}")
    if not regression:
        networks = [network.without_regression() for network in networks]
    if len(networks) == 1:
        return networks[0]
    return detector.Combination(networks, merge="mean" if merge == "mean" else "union")
