"""SPP-net as a detector: conv layers once per image, pyramid pooling per window, SVMs and box regression on top.

He et al. 2015, section 4: `SPPNet.predict` reads as the paper's figure 5, `SPPNet.fit` as its section 4.1.
"""

import copy
import inspect
from collections.abc import Callable, Iterable, Sequence, Sized
from contextlib import nullcontext
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from sppnet.proposals import SelectiveSearch

from . import storage
from .backbone.backbone import Backbone, Precision, backbone_geometry
from .backbone.weights import load_backbone
from .checks import checked_images
from .errors import InputError, ModelError
from .files.model_folder import checked_settings
from .pooling.features import Features, Layer, WindowFeatures
from .pooling.projection import Preset
from .pooling.pyramid import LEVELS
from .scoring.detection import WindowScorer
from .scoring.head import Head
from .settings import LAYERS, Scores, check_head, check_objects, check_settings
from .timing import Stopwatch
from .training.finetuning import FineTuning, fine_tune, principal_channels
from .training.images import TrainingImages
from .training.mining import Mining
from .training.windows import split_held_out, train_windows
from .types import Image, Progress, Target

# Measured on two cores, for the estimate of a training: an image's windows, mining and regression; its conv layers; and
# a step of fine-tuning.
SECONDS_PER_IMAGE, SECONDS_PER_CELL, SECONDS_PER_STEP = 0.2, 6e-5, 0.06


class SPPNet:
    """An SPP-net object detector.

    Args:
        classes: Names of the classes, in the order of their labels.
        backbone: squeezenet1_1, alexnet, zf5 or small.
        weights: "imagenet", "random", a weights file or another detector; see `load_backbone`.
        preprocessing: torchvision, caffe or release; by default what the weights say.
        scales: Short sides in pixels at which the conv layers see an image; a window uses one of them.
        max_side: The longest side an image is resized to, in pixels.
        levels: Bins per side of every level of the pyramid.
        geometry: How windows are projected onto a map: "paper" or "release".
        power: Exponent applied to the maps.
        precision: float32, or bfloat16 for conv layers that are faster on processors with instructions for it.
        context: Whether vectors also tell of what is around a window, and of the whole image (beyond the paper).
        early: Whether vectors also hold bins of the map before the last pooling layer (beyond the paper).
        fine_tuning: How fully connected layers, or conv layers, learn before the SVMs; None leaves them as they are.
        layer: Whose vectors the SVMs and box regression see: pool, fc6 or fc7.
        scores: svm, or softmax for the scores of the fine-tuned layers themselves, after the last of them.
        ranks: Of fc6 and fc7 in a compressed model; see `compress`.
        centre: Whether the mean vector is subtracted before the SVMs.
        standardise: Whether every dimension is divided by its standard deviation before the SVMs.
        norm: Root mean square norm of the vectors that the SVMs see.
        mining: How the SVMs are trained.
        penalty: Of the ridge regression of boxes (R-CNN: 1000, SPP-net's release: 4000).
        regression_examples: Windows of one class that box regression learns from at most.
        negative_iou: Windows that overlap every object of a class by less are its negatives.
        use_difficult: Whether objects marked difficult are learned.
        held_out: Fraction of the training images on which margins are calibrated before the last training.
        search: Proposes the windows.
        seed: Of everything random.
        device: Where maps, pooling and scores are computed: cpu, cuda or cuda:N.

    Attributes:
        metrics_: What is known of a fitted model: images, objects, seconds of every stage, calibration.
    """

    method = "sppnet"

    def __init__(
        self,
        classes: Sequence[str],
        *,
        backbone: str = "squeezenet1_1",
        weights: str | Path = "imagenet",
        preprocessing: str | None = None,
        scales: Sequence[int] = (600,),
        max_side: int = 2400,
        levels: Sequence[int] = LEVELS,
        geometry: Preset = "paper",
        power: float = 1.0,
        precision: Precision = "float32",
        context: bool = False,
        early: bool = False,
        fine_tuning: FineTuning | None = None,
        layer: Layer = "pool",
        scores: Scores = "svm",
        ranks: Sequence[int] = (),
        centre: bool = True,
        standardise: bool = True,
        norm: float = 20.0,
        mining: Mining | None = None,
        penalty: float = 1000.0,
        regression_examples: int = 4000,
        negative_iou: float = 0.3,
        use_difficult: bool = False,
        held_out: float = 0.1,
        search: SelectiveSearch | None = None,
        seed: int = 0,
        device: str = "cpu",
    ) -> None:
        if not classes or len(set(classes)) != len(classes):
            raise InputError(f"classes must be different names, at least one, not {list(classes)}")
        check_settings(scales, levels, geometry, norm, penalty, held_out, seed)
        check_head(fine_tuning, layer, scores, power)
        self.classes = tuple(classes)
        self.backbone, self.weights, self.preprocessing = backbone, weights, preprocessing
        self.scales, self.max_side, self.levels = tuple(scales), max_side, tuple(levels)
        self.geometry: Preset = geometry
        self.power, self.centre, self.standardise, self.norm = power, centre, standardise, norm
        self.precision, self.context, self.early = precision, context, early
        self.fine_tuning, self.scores, self.ranks = fine_tuning, scores, tuple(ranks)
        self.layer: Layer = LAYERS[len(fine_tuning.widths)] if fine_tuning and scores == "softmax" else layer
        self.mining, self.penalty, self.regression_examples = mining or Mining(), penalty, regression_examples
        self.negative_iou, self.use_difficult, self.held_out = negative_iou, use_difficult, held_out
        self.search, self.seed, self.device = search or SelectiveSearch(), seed, device
        self.metrics_: dict[str, Any] = {}
        self._fitted: tuple[Features, WindowScorer] | None = None

    def predict(
        self,
        images: Sequence[Image],
        *,
        windows: Sequence[npt.NDArray[np.float32]] | None = None,
        confidence: float = 0.0,
        iou: float = 0.3,
    ) -> list[dict[str, Any]]:
        """Return the objects found in images.

        Args:
            images: uint8 (H, W, 3) RGB each.
            windows: float32 (N, 4) for each image; by default the model's own search proposes them.
            confidence: Least score of a detection.
            iou: Of two detections of one class that overlap by more, the better stays.

        Returns:
            For each image a dictionary, best first: "boxes" float32 (N, 4), "labels" int64 (N,), "scores" float32
            (N,) from 0 to 1, "margins" float32 (N,), and "milliseconds" by stage. No windows give N = 0.

        Raises:
            ModelError: If the model is neither fitted nor loaded.
            InputError: If an image is no uint8 (H, W, 3) array, or the windows do not match the images.
        """
        return [self._detect(image, given, confidence, iou) for image, given in checked_images(images, windows)]

    def _detect(
        self, image: Image, windows: npt.NDArray[np.float32] | None, confidence: float, iou: float
    ) -> dict[str, Any]:
        features, scorer = self.fitted()
        size = (image.shape[0], image.shape[1])
        clock = Stopwatch()
        if windows is None:
            with clock("proposals"):
                windows = self.search(image)
        maps = features.maps(image, features.chosen_scales(windows, size), windows, clock)
        vectors = features.project(maps, windows, size)
        found = scorer.detect(vectors, windows, size, confidence=confidence, iou=iou, clock=clock)
        return {**found, "milliseconds": clock.milliseconds}

    def fit(
        self,
        train: Iterable[tuple[Image, Target]],
        *,
        windows: Iterable[npt.NDArray[np.float32]] | None = None,
        cache: Path | str | None = None,
        workers: int = 2,
        progress: Progress = lambda stage, done, total: None,
    ) -> "SPPNet":
        """Train on images with known objects and return the model; a loaded model keeps its backbone.

        Args:
            train: (image, {"boxes", "labels", "difficult"}) pairs, iterated once.
            windows: float32 (N, 4) for each image; by default the model's own search proposes them. Each is asked for
                after its image.
            cache: Folder for windows and maps. A training that is given the same folder again, after an
                interruption, say, takes what is there. By default a temporary one.
            workers: Processes that propose windows.
            progress: Called with (stage, done, total) as the work goes on.

        Raises:
            InputError: If there is no image with an object, a target or a window breaks a rule, or there are more or
                fewer images than windows.
            ModelError: If the backbone's weights cannot be had.
        """
        clock = Stopwatch()
        features = self._fitted[0] if self._fitted else self._window_features(self._load_backbone())
        with nullcontext(cache) if cache else TemporaryDirectory() as folder:
            images = TrainingImages(
                self.classes,
                features,
                Path(folder),
                negative_iou=self.negative_iou,
                use_difficult=self.use_difficult,
            )
            total = len(train) if isinstance(train, Sized) else 0
            prepare = partial(
                images.prepare, train, self.search, windows=windows, workers=workers, progress=progress, total=total
            )
            history = None
            if self.fine_tuning and features.head is None:
                images, features, history = self._fine_tune(images, prepare, Path(folder), progress, clock)
            else:
                with clock("windows and maps"):
                    prepare()
                check_objects(images)
            scorer = self._train_scorer(images, features, progress, clock)
        self._fitted = features, scorer
        self.metrics_ = _metrics(images, scorer, clock) | ({"fine_tuning": history} if history else {})
        return self

    def _train_scorer(
        self, images: TrainingImages, features: Features, progress: Progress, clock: Stopwatch
    ) -> WindowScorer:
        return train_windows(
            images,
            mining=self.mining,
            softmax=features.head.softmax() if features.head and self.scores == "softmax" else None,
            norm=self.norm,
            centre=self.centre,
            standardise=self.standardise,
            penalty=self.penalty,
            regression_examples=self.regression_examples,
            held_out=self.held_out,
            seed=self.seed,
            progress=progress,
            clock=clock,
        )

    def _fine_tune(
        self,
        images: TrainingImages,
        prepare: Callable[..., TrainingImages],
        folder: Path,
        progress: Progress,
        clock: Stopwatch,
    ) -> tuple[TrainingImages, WindowFeatures, dict[str, Any]]:
        """Return the images with the maps, and the features with the backbone and the head, that fine-tuning makes."""
        if self.ranks:
            raise InputError("fully connected layers are compressed after their training: no ranks for it")
        features = images.features
        assert self.fine_tuning is not None
        assert isinstance(features, WindowFeatures)
        stem, tail = features.backbone.split()
        if not self.fine_tuning.unfreeze:
            stem, tail = features.backbone, nn.Sequential()
        images.features = replace(features, backbone=stem)
        with clock("windows and maps"):
            prepare(flips=self.fine_tuning.flips, all_scales=True)
        check_objects(images)
        with clock("fine-tuning"):
            fitting, held = split_held_out(len(images), self.held_out, self.seed)
            if self.fine_tuning.reduction:
                tail.append(principal_channels(images, tail, fitting, self.fine_tuning.reduction))
            tail.requires_grad_(True)
            whole = replace(features, backbone=features.backbone.with_layers(nn.Sequential(*stem.layers, *tail)))
            whole.backbone.fully_connected = features.backbone.fully_connected
            head, history = fine_tune(
                images,
                whole,
                tail,
                self.fine_tuning,
                fitting=fitting,
                held=held,
                checkpoints=folder,
                seed=self.seed,
                progress=progress,
            )
            backbone = features.backbone.with_layers(nn.Sequential(*stem.layers, *tail))
            features = replace(features, backbone=backbone, head=head)
            return images.through(features, tail, progress), features, history

    def compress(self, ranks: Sequence[int]) -> "SPPNet":
        """Return the model with fc6 and fc7 of lower rank, by truncated singular values (Girshick 2015, section 3.1).

        Raises:
            ModelError: If the model is neither fitted nor loaded.
            InputError: If it has no fully connected layers, or there is not one positive rank for each.
        """
        features, scorer = self.fitted()
        if not isinstance(features, WindowFeatures) or features.head is None or not features.head.layers:
            raise InputError("the model has no fully connected layers to compress")
        model = copy.copy(self)
        model.ranks = tuple(ranks)
        model._fitted = replace(features, head=features.head.compressed(ranks)), scorer
        return model

    def without_regression(self) -> "SPPNet":
        """Return the model without its box regression: detections are windows as they were proposed.

        Raises:
            ModelError: If the model is neither fitted nor loaded.
        """
        features, scorer = self.fitted()
        model = copy.copy(self)
        still = {name: np.zeros_like(getattr(scorer, name)) for name in ("offset_weights", "offset_biases")}
        model._fitted = features, replace(scorer, **still)
        return model

    def save(self, folder: Path | str, *, half: bool = False) -> None:
        """Write the model: model.safetensors, config.json, README.md and metrics.json.

        Args:
            folder: Is made, or replaced if it holds a model.
            half: Whether tensors are written in float16, at half the size.

        Raises:
            ModelError: If there is nothing to save yet, or the folder holds something else.
        """
        storage.save(Path(folder), self._config(), *self.fitted(), self.metrics_, half=half)

    @classmethod
    def load(cls, folder: Path | str, *, device: str = "cpu") -> "SPPNet":
        """Return a model that was saved in a folder, or is bundled under that name, to compute on a device.

        Raises:
            ModelError: If the folder holds no model, or a damaged one.
        """
        config, backbone, head, scorer, metrics = storage.load(Path(folder), device)
        with checked_settings(Path(folder)):
            search, mining = SelectiveSearch(**config.pop("search")), Mining(**config.pop("mining"))
            tuning = config.pop("fine_tuning")
            fine_tuning = FineTuning(**tuning) if tuning else None
            kinds: list[type[SPPNet]] = [SPPNet, *SPPNet.__subclasses__()]
            kind = {kind.method: kind for kind in kinds if "method" in vars(kind)}[config.pop("method")]
            model = kind(**config, search=search, mining=mining, fine_tuning=fine_tuning, device=device)
        model._fitted = model._window_features(backbone, head), scorer
        model.metrics_ = metrics
        return model

    def plan(self, images: int) -> dict[str, float]:
        """Return what a training on so many images of about the aspect 4:3 needs: {"disk_bytes", "seconds"}.

        The seconds are those of two cores that start from nothing.
        """
        stride, _, _, channels = backbone_geometry(self.backbone)
        cells = sum(scale**2 * 4 / 3 / stride**2 for scale in self.scales)
        seconds = images * (SECONDS_PER_IMAGE + cells * SECONDS_PER_CELL)
        disk = images * (cells * channels * 2 + 32_000)
        if self.fine_tuning:
            seconds += images * self.fine_tuning.epochs * SECONDS_PER_STEP
            disk *= 3  # the maps of the frozen layers, mirrored ones too, and those of the trained layers
        return {"disk_bytes": disk, "seconds": seconds}

    def _load_backbone(self) -> Backbone:
        return load_backbone(
            self.backbone,
            self.weights,
            preprocessing=self.preprocessing,
            precision=self.precision,
            device=self.device,
            seed=self.seed,
        )

    def _window_features(self, backbone: Backbone, head: Head | None = None) -> Features:
        return WindowFeatures(
            backbone,
            self.scales,
            self.max_side,
            self.levels,
            self.geometry,
            self.power,
            self.context,
            self.early,
            head,
            self.layer,
        )

    def fitted(self) -> tuple[Features, WindowScorer]:
        """Return how windows become vectors, and vectors detections.

        Raises:
            ModelError: If the model is neither fitted nor loaded.
        """
        if self._fitted is None:
            raise ModelError("the model has not been trained: fit it, or load one")
        return self._fitted

    def _config(self) -> dict[str, Any]:
        """Return every setting but where the backbone's weights came from, which the model has, and the device."""
        names = inspect.signature(SPPNet).parameters.keys() - {"weights", "preprocessing", "device"}
        return {"method": self.method} | {name: getattr(self, name) for name in sorted(names)}


def _metrics(images: TrainingImages, scorer: WindowScorer, clock: Stopwatch) -> dict[str, Any]:
    """Return what is known of a fitted model."""
    return {
        "images": len(images),
        "objects": dict(zip(images.classes, images.objects().tolist(), strict=True)),
        "seconds": {stage: round(seconds, 1) for stage, seconds in clock.seconds.items()},
        "calibration": asdict(scorer.calibration),
    }
