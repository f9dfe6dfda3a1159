"""SPP-net as a classifier: conv layers, pyramid pooling of the whole map, fully connected layers (He et al. 2015, 3).

The pyramid makes vectors of one length at any input size, so one set of weights is trained at several sizes and
classifies images of all sizes, whole or in many crops. Its conv layers can then be those of a detector.
"""

import copy
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..backbone.backbone import Backbone
from ..backbone.networks.normalisation import folded, normalised
from ..backbone.weights import load_backbone, save_weights
from ..checks import check_image
from ..errors import InputError, ModelError
from ..files.model_folder import checked_settings
from ..pooling.pyramid import LEVELS, bins
from ..pooling.pyramid_layer import PyramidPooling
from ..timing import Stopwatch
from ..training.layers.checkpoint import Checkpoint
from ..training.windows import split_held_out
from ..types import Image, Progress
from .framings import SIDE, Framing, framed_vectors
from .fully_connected import fully_connected
from .labels import Examples, Quality, accuracy, quality_name, read_labels
from .multisize import MultiSize, MultiSizeTraining, Schedule
from .storage import load_classifier, save_classifier

SHORT_SIDE = 256  # pixels of the images that the paper's crops are cut out of


class Classifier:
    """An SPP-net image classifier.

    Args:
        classes: Names of the classes, in the order of their labels.
        backbone: Name of the conv layers; see `load_backbone`.
        weights: "random", "imagenet" or a weights file. Random conv layers learn with batch normalisation, which is
            folded into them in the end.
        levels: Bins per side of every level of the pyramid; the paper's other one is (1, 2, 3, 4).
        widths: Values of each fully connected layer before the scores (the paper's: 4096, 4096).
        dropout: Probability that a value of these layers is left out in training; without any, one of a vector's.
        multi_label: Whether an image can show several classes. Labels are for every class then, and scores sigmoids.
        seed: All that is random follows from it; 0 or more.
        device: Where everything is computed: cpu, cuda or cuda:N.

    Attributes:
        metrics_: What is known of a fitted model: images, images of each class, seconds, name of the quality that was
            measured on held-out images, history of the training.
        side_: Pixels of the crops that it was trained on.
        short_side_: Pixels of the short side of the images that these were cut out of.
    """

    def __init__(
        self,
        classes: Sequence[str],
        *,
        backbone: str = "squeezenet1_1",
        weights: str | Path = "random",
        levels: Sequence[int] = LEVELS,
        widths: Sequence[int] = (4096, 4096),
        dropout: float = 0.5,
        multi_label: bool = False,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        if not classes or len(set(classes)) != len(classes):
            raise InputError(f"classes must be different names, at least one, not {list(classes)}")
        if seed < 0:
            raise InputError(f"seed must not be negative, not {seed}")
        self.classes, self.backbone, self.weights = tuple(classes), backbone, weights
        self.levels, self.widths, self.dropout = PyramidPooling(levels).levels, tuple(widths), dropout
        with torch.device("meta"):  # the checks of the layers, without their memory
            fully_connected(1, len(classes), self.widths, dropout)
        self.multi_label, self.seed, self.device = multi_label, seed, device
        self.metrics_: dict[str, Any] = {}
        self.side_, self.short_side_ = SIDE, SHORT_SIDE
        self._fitted: tuple[Backbone, nn.Sequential] | None = None

    def fit(
        self,
        train: Examples,
        *,
        sizes: Sequence[int] = (224, 180),
        schedule: Schedule = "epochs",
        epochs: int = 70,
        batch: int = 128,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.05,
        short_side: int | None = None,
        colours: float = 0.1,
        held_out: float = 0.1,
        quality: Quality = accuracy,
        checkpoints: Path | str | None = None,
        workers: int = 2,
        progress: Progress = lambda stage, done, total: None,
    ) -> "Classifier":
        """Train on images with labels and return the classifier.

        The training is anew, from the conv layers that `weights` names: a classifier that was fitted before forgets
        what it learned, and one that was loaded goes on from the conv layers in its folder, with new fully connected
        ones.

        A crop at a random place of an image, mirrored and recoloured at random, is brought to the size of the epoch.
        The optimiser is AdamW, with a warm-up and a cosine to zero (the paper's is SGD, divided by 10 on a plateau).
        The loss is the softmax cross entropy, or the sigmoid one where images can show several classes.

        Args:
            train: (image, label) by number, images uint8 (H, W, 3). A label is the number of the class; or, of
                `multi_label`, int8 (K,): +1 for a class that is there, -1 for one that is not, 0 where that is open.
            sizes: Sides of the inputs in pixels; one is single-size training. The largest is that of the crops,
                which are resized for the others.
            schedule: "epochs" gives the sizes an epoch each by turns; "random" draws a size between the least and the
                largest for every epoch.
            epochs: Times that every image is seen (the paper: 70 for ZF-5).
            batch: Images in a step, at most.
            learning_rate: The highest learning rate.
            weight_decay: AdamW's decay of weights; biases and the scales of the normalisation have none.
            short_side: Pixels of an image's short side before the crop. The default is 256 for crops of 224, and in
                proportion for others.
            colours: Strength of the noise of colours; AlexNet's is the default, and 0 leaves them as they are.
            held_out: Fraction of the images, below 1, that are not learned but scored at every size after each epoch.
            quality: From scores float32 (N, K) of the held-out images and marks int8 (N, K), +1 for a class that the
                image shows, -1 for one that it does not and 0 where that is open, to a number, the higher the better.
                The default is the share of images whose best class is one they show. Its name goes into the metrics.
            checkpoints: Folder for the state of the training. One that is given the same folder again, after an
                interruption, goes on and ends with the same weights. By default a temporary one.
            workers: Threads that read images ahead.
            progress: Called with ("training", steps done, steps of all).

        Raises:
            InputError: If there are no images, an image, a label or a setting breaks a rule, or a loss is not finite.
            ModelError: If the backbone's weights cannot be had.
        """
        side = max(sizes, default=SIDE)
        options = MultiSize(
            tuple(sizes),
            schedule,
            epochs,
            batch,
            learning_rate,
            weight_decay,
            short_side or _in_proportion(side),
            colours,
        )
        if not len(train) or not 0 <= held_out < 1 or workers < 1:
            raise InputError(
                f"a training needs images, workers, and held_out from 0 to below 1, "
                f"not {len(train)} images, {workers} workers and held_out {held_out}"
            )
        labels = read_labels(train, len(self.classes), self.multi_label)
        fitting, held = split_held_out(len(train), held_out, self.seed)
        backbone = self._checked_size(
            load_backbone(self.backbone, self.weights, device=self.device, seed=self.seed), min(sizes)
        )
        clock = Stopwatch()
        with clock("training"), nullcontext(checkpoints) if checkpoints else TemporaryDirectory() as folder:
            layers, head = self._layers(backbone)
            network = nn.Sequential(layers, PyramidPooling(self.levels), head)
            history = MultiSizeTraining(
                network.to(self.device, memory_format=torch.channels_last),  # type: ignore[call-overload]
                *(backbone.preprocessing, train, labels, options, quality, fitting, held),
                seed=self.seed, device=self.device, workers=workers,
            ).run(Checkpoint(Path(folder), name="classifier"), progress=progress)  # fmt: skip
        layers = folded(layers) if self.weights == "random" else layers
        self._fitted = backbone.with_layers(layers), head.eval().requires_grad_(False)
        self.side_, self.short_side_ = options.side, options.short_side
        counts = (labels > 0).sum(axis=0) if self.multi_label else np.bincount(labels, minlength=len(self.classes))
        self.metrics_ = {
            "images": len(train),
            "labels": dict(zip(self.classes, counts.tolist(), strict=True)),
            "seconds": {stage: round(seconds, 1) for stage, seconds in clock.seconds.items()},
            "quality": quality_name(quality),
            "history": history,
        }
        return self

    def predict(
        self, images: Sequence[Image], *, framing: Framing = "full", size: int | None = None
    ) -> list[npt.NDArray[np.float32]]:
        """Return the probabilities of the classes for every image: float32 (K,), whose sum is 1 unless `multi_label`.

        Args:
            images: uint8 (H, W, 3) RGB each.
            framing: "full" is the whole image. "ten" averages ten crops: corners, centre, and these mirrored. "maps"
                averages the paper's 98: 96 windows on the maps of six scales, the whole image and its mirror image.
            size: Short side of the full image in pixels, or side of crops and windows, with which scales grow. The
                default is as in training, 256 and 224 unless it was otherwise.

        Raises:
            ModelError: If the model is neither fitted nor loaded.
            InputError: If an image is no uint8 (H, W, 3) array, or the size is too small.
        """
        backbone, head = self.fitted()
        self._checked_size(backbone, self.side_ if size is None else size)
        scores = []
        for number, image in enumerate(images):
            check_image(image, number)
            with torch.inference_mode():
                found = head(framed_vectors(backbone, image, framing, size, self.side_, self.short_side_, self.levels))
                probabilities = found.sigmoid() if self.multi_label else found.softmax(dim=1)
                scores.append(probabilities.mean(dim=0).cpu().numpy())
        return scores

    def fitted(self) -> tuple[Backbone, nn.Sequential]:
        """Return the conv layers and the fully connected ones.

        Raises:
            ModelError: If the model is neither fitted nor loaded.
        """
        if self._fitted is None:
            raise ModelError("the classifier has not been trained: fit it, or load one")
        return self._fitted

    def save(self, folder: Path | str) -> None:
        """Write the classifier: model.safetensors, backbone.safetensors, config.json, README.md and metrics.json.

        Raises:
            ModelError: If there is nothing to save yet, or the folder holds something else.
        """
        names = ("classes", "backbone", "levels", "widths", "dropout", "multi_label", "seed", "side_", "short_side_")
        config = {name: getattr(self, name) for name in names}
        save_classifier(Path(folder), config, *self.fitted(), self.metrics_)

    @classmethod
    def load(cls, folder: Path | str, *, device: str = "cpu") -> "Classifier":
        """Return a classifier that was saved in a folder, to compute on a device.

        Raises:
            ModelError: If the folder holds no classifier, or a damaged one.
        """
        config, weights, backbone, head, metrics = load_classifier(Path(folder), device)
        sides = config.pop("side_"), config.pop("short_side_")
        with checked_settings(Path(folder)):
            classifier = cls(**config, weights=weights, device=device)
        classifier.side_, classifier.short_side_ = sides
        classifier._fitted, classifier.metrics_ = (backbone, head), metrics
        return classifier

    def backbone_weights(self, file: Path | str) -> None:
        """Write the conv layers' weights to a .safetensors file that `load_backbone` and `SPPNet` take.

        Raises:
            ModelError: If the model is neither fitted nor loaded, or the file cannot be written.
        """
        backbone = self.fitted()[0]
        save_weights(Path(file), backbone.layers, backbone.preprocessing, {}, half=False)

    def _layers(self, backbone: Backbone) -> tuple[nn.Sequential, nn.Sequential]:
        """Return the conv layers and the fully connected layers that are to learn."""
        if self.weights == "random":
            layers = normalised(backbone.layers, seed=self.seed)
        else:
            layers = copy.deepcopy(backbone.layers).requires_grad_(True)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            dimensions = bins(self.levels) * backbone.last.channels
            return layers, fully_connected(dimensions, len(self.classes), self.widths, self.dropout)

    def _checked_size(self, backbone: Backbone, size: int) -> Backbone:
        if size < backbone.least_side:
            raise InputError(f"the size must be at least {backbone.least_side} pixels for {self.backbone}, not {size}")
        return backbone


def _in_proportion(side: int) -> int:
    """Return the short side that goes with crops of a side as 256 does with 224."""
    return round(side * SHORT_SIDE / SIDE)
