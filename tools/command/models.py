"""The model, or the several models, that a command detects with."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sppnet.detector import Combination, SPPNet

BUNDLED = "voc07"  # what detects where no model is named: twenty classes of Pascal VOC

models_option = click.option(
    "-m",
    "--model",
    "models",
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


def load(folders: Sequence[Path], merge: str, device: str, *, regression: bool = True) -> "SPPNet | Combination":
    """Return the model in a folder, or those in several folders combined, to compute on a device; of none, the bundled.

    That is the bundled one even where there is a folder of its name.

    Without regression they leave windows where they are.

    Raises:
        ModelError: If a folder holds no model, or a damaged one.
        InputError: If the models' classes differ.
    """
    from sppnet import detector
    from sppnet.detector.files.model_folder import BUNDLED as MODELS

    networks = [detector.SPPNet.load(folder, device=device) for folder in folders or (MODELS / BUNDLED,)]
    if not regression:
        networks = [network.without_regression() for network in networks]
    if len(networks) == 1:
        return networks[0]
    return detector.Combination(networks, merge="mean" if merge == "mean" else "union")
