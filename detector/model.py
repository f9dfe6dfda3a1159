"""SPP-net as a detector: conv layers once per image, pyramid pooling per window, SVMs and box regression on top.

He et al. 2015, section 4: `SPPNet._detect` reads as the paper's figure 5, `SPPNet.fit` as its section 4.1.
"""

import copy
from collections.abc import Callable, Iterable, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, replace
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from sppnet.proposals import SelectiveSearch

from . import backbone as conv  # these import what needs torch when it is first used, which takes seconds
from . import scoring as judging
from . import storage
from . import training as learning
from .backbone.conv_layers import ConvLayers
from .backbone.engines.table import resolved_engine
from .backbone.networks.table import USUAL
from .errors import InputError, ModelError
from .face.predictor import CONFIDENCE, Predictor
from .files.examples import Examples
from .files.model_folder import checked_settings
from .pooling.features import Features, WindowFeatures
from .pooling.settings import Pooling, usual_views
from .pooling.vectors import Layer
from .scoring.calibration import Calibration
from .scoring.detection import WindowScorer
from .scoring.inference import Inference
from .scoring.opinion import opinion_of
from .scoring.picking import pick
from .settings import LAYERS, Scores, check_layers, config_of, settings_from
from .threads import thread_count
from .timing import Stopwatch
from .training.needs import needs
from .training.settings import FineTuning, Training
from .types import Floats, Image, Note, Precision, Progress, Target

if TYPE_CHECKING:
    from .backbone.backbone import Backbone
    from .pooling.head import Head
    from .training.images import TrainingImages
    from .training.preparing import Preparer

NAMED = 8  # classes that `repr` names
IMAGES_AT_ONCE = 32  # looked through for those of one size, which a device works on together


class SPPNet(Predictor):
    """An SPP-net object detector.

    Args:
        classes: Names of the classes, in the order of their labels.
        backbone: Name of the conv layers; one of `BACKBONES`.
        weights: "imagenet", "random", a weights file or another detector; see `load_backbone`.
        preprocessing: torchvision, caffe or release; by default what the weights say.
        precision: float32, or bfloat16 for conv layers that are faster on processors with instructions for it.
        pooling: How windows become vectors; by default of the maps that are best for the backbone.
        training: How SVMs and box regression are trained.
        fine_tuning: How fully connected layers, or conv layers, learn before the SVMs; None leaves them as they are.
        layer: Whose vectors the SVMs and box regression see: pool, fc6 or fc7.
        scores: svm, or softmax for the scores of the fine-tuned layers themselves, after the last of them.
        ranks: Of fc6 and fc7 in a compressed model; see `compress`.
        search: Proposes the windows.
        seed: Of everything random; the same seed gives the same model.
        device: Where maps, pooling and scores are computed: cpu, cuda or cuda:N.
        engine: What runs the conv layers: torch, onnx for onnxruntime, or auto: onnx on a CPU in float32, where it is
            quicker and does without torch, and torch elsewhere.
        confidence: Least score of a detection where a call of the model names none; saved with it.

    Attributes:
        metrics_: What is known of a fitted model: images, objects, seconds of every stage, calibration.
        examples_: Objects it was trained on, made small, where `fit` kept some; else None.
    """

    method = "sppnet"

    def __init__(
        self,
        classes: Sequence[str],
        *,
        backbone: str = USUAL,
        weights: str | Path = "imagenet",
        preprocessing: str | None = None,
        precision: Precision = "float32",
        pooling: Pooling | None = None,
        training: Training | None = None,
        fine_tuning: FineTuning | None = None,
        layer: Layer = "pool",
        scores: Scores = "svm",
        ranks: Sequence[int] = (),
        search: SelectiveSearch | None = None,
        seed: int = 0,
        device: str = "cpu",
        engine: str = "auto",
        confidence: float = CONFIDENCE,
    ) -> None:
        if not classes or len(set(classes)) != len(classes):
            raise InputError(f"classes must be different names, at least one, not {list(classes)}")
        if seed < 0:
            raise InputError(f"seed must not be negative, not {seed}")
        if not 0 <= confidence <= 1:
            raise InputError(f"confidence must be from 0 to 1, not {confidence}")
        self.classes, self.confidence = tuple(classes), confidence
        self.backbone, self.weights, self.preprocessing, self.precision = backbone, weights, preprocessing, precision
        self.pooling = pooling or Pooling(views=usual_views(backbone))
        self.training, self.fine_tuning = training or Training(), fine_tuning
        self.layer, self.scores, self.ranks = layer, scores, tuple(ranks)
        self.search, self.seed = search or SelectiveSearch(), seed
        self.device, self.engine = device, engine
        resolved_engine(engine, precision, device)
        check_layers(backbone, self.pooling, fine_tuning, layer, scores)
        if fine_tuning and scores == "softmax":
            self.layer = LAYERS[len(fine_tuning.widths)]
        self.metrics_: dict[str, Any] = {}
        self.examples_: Examples | None = None
        self._fitted: tuple[Features, WindowScorer] | None = None
        self._there: judging.DeviceScorer | None = None
        self._whole: Callable[[], tuple[Backbone, Head | None]] | None = None

    def __repr__(self) -> str:
        named = ", ".join((*self.classes[:NAMED], *["..."] * (len(self.classes) > NAMED)))
        count = f"{len(self.classes)} class{'es' * (len(self.classes) != 1)}"
        learned = f"learned from {self.metrics_.get('images', '?')} images" if self._fitted else "not trained"
        scorer = {"svm": "SVMs", "softmax": "a softmax"}[self.scores]
        how = f"{self.backbone}, {scorer} on {self.layer}, on {self.device}"
        return f"<{type(self).__name__} of {count}: {named}; {how}, {learned}>"

    def _detect(
        self, image: Image, windows: Floats | None, confidence: float, iou: float, inference: Inference
    ) -> dict[str, Any]:
        features, scorer = self.fitted()
        clock = Stopwatch()
        windows = self._propose(image, clock) if windows is None else windows
        # The conv layers see the image once; every window is pooled from their maps and scored.
        opinion = opinion_of(features, scorer, image, windows, inference=inference, clock=clock)
        # Regression moves the windows that score, and the better of two that overlap stays.
        found = pick(
            windows,
            opinion,
            image.shape[:2],
            floor=scorer.floor,
            scores=scorer.calibration.scores,
            confidence=confidence,
            iou=iou,
            clock=clock,
            inference=inference,
        )
        return {**found, "milliseconds": clock.milliseconds}

    def _at_once(self) -> int:
        return 1 if self.device == "cpu" else IMAGES_AT_ONCE

    def _detect_all(
        self,
        images: Sequence[Image],
        windows: Sequence[Floats] | None,
        confidence: float,
        iou: float,
        inference: Inference,
    ) -> list[dict[str, Any]]:
        features, scorer = self.fitted()
        if self.device == "cpu" or inference.mirror or inference.moves_all:
            return super()._detect_all(images, windows, confidence, iou, inference)
        clocks = [Stopwatch() for _ in images]
        if windows is None:
            with ThreadPoolExecutor(thread_count()) as threads:
                windows = list(threads.map(self._propose, images, clocks))
        there = self._there
        if there is None or there.scorer is not scorer:
            there = self._there = judging.DeviceScorer(scorer, features.backbone.device)
        seen = features.at(inference.scales) if inference.scales else features
        found = judging.detect_together(seen, there, images, windows, confidence=confidence, iou=iou)
        for clock, one in zip(clocks, found, strict=True):
            one["milliseconds"] = clock.milliseconds | one["milliseconds"]
        return found

    def _propose(self, image: Image, clock: Stopwatch) -> Floats:
        with clock("proposals"):
            return self.search(image)

    def fit(
        self,
        train: Iterable[tuple[Image, Target]],
        *,
        cache: Path | str | None = None,
        workers: int = 2,
        keep_layers: bool = False,
        keep_examples: int = 0,
        progress: Progress = lambda stage, done, total: None,
        note: Note = lambda line: None,
    ) -> "SPPNet":
        """Train on images with known objects and return the model.

        Args:
            train: (image, {"boxes", "labels", "difficult"}) pairs, iterated once. Targets may have "windows" too,
                float32 (N, 4), either all of them or none; by default the model's own search proposes windows.
            cache: Folder for windows and maps. A training that is given the same folder again, after an
                interruption, say, takes what is there. By default a temporary one.
            workers: Threads that propose windows ahead.
            keep_layers: Whether a fitted model keeps its conv and fully connected layers, so that SVMs and regression
                alone are trained anew. By default everything starts from the weights again.
            keep_examples: So many objects of each class, drawn at random, the model keeps as small pictures, which
                explanations show; they are saved with it.
            progress: Called with (stage, done, total) as the work goes on.
            note: Called with what is known of an epoch of fine-tuning, or of a training of the SVMs, as it ends: a dict
                of its stage, its number ("epoch" or "round"), and losses.

        Raises:
            InputError: If there is no image with an object, or a target or a window breaks a rule.
            ModelError: If the backbone's weights cannot be had, or there are no layers to keep.
        """
        clock = Stopwatch()
        if keep_layers and self.scores == "softmax" and (scorer := self.fitted()[1]).further + scorer.background != 1:
            raise InputError("keep_layers: the softmax has other classes than the model; train all layers again")
        if self.ranks and self.fine_tuning and not keep_layers:
            raise InputError("fully connected layers are compressed after their training: no ranks for it")
        features = self.layered()[0] if keep_layers else self._window_features(self._load_backbone())
        preparer = self._preparer(features)
        with nullcontext(cache) if cache else TemporaryDirectory() as folder:
            images = preparer.images(Path(folder))
            total = len(train) if isinstance(train, Sized) else 0
            keeper = learning.Keeper(
                self.classes, keep_examples, use_difficult=self.training.use_difficult, seed=self.seed
            )
            passing = keeper.passing(train) if keep_examples else train
            prepare = partial(preparer.fill, images, passing, workers=workers, progress=progress, total=total)
            history = None
            if tuning := self._tuning(features):
                images, history = learning.tune_layers(
                    images,
                    prepare,
                    features,
                    tuning,
                    held_out=self.training.held_out,
                    folder=Path(folder),
                    seed=self.seed,
                    progress=progress,
                    note=note,
                    clock=clock,
                )
                features = images.features
            else:
                with clock("windows and maps"):
                    prepare()
                images.check_objects()
            scorer = self._train_scorer(images, features, progress, note, clock)
            self.examples_ = keeper.examples(images)
        self._fitted, self._whole = (features, scorer), None
        self.metrics_ = _metrics(images, scorer, clock) | ({"fine_tuning": history} if history else {})
        return self

    def _train_scorer(
        self, images: "TrainingImages", features: Features, progress: Progress, note: Note, clock: Stopwatch
    ) -> WindowScorer:
        head = features.head if self.scores == "softmax" else None
        return learning.train_windows(
            images,
            settings=self.training,
            softmax=head.softmax() if head else None,
            regression=head.regression() if head and self.fine_tuning and self.fine_tuning.offsets_weight else None,
            seed=self.seed,
            progress=progress,
            note=note,
            clock=clock,
        )

    def _tuning(self, features: Features) -> FineTuning | None:
        """Return how layers learn in a training that starts from these features; None where they have learned."""
        return self.fine_tuning if features.head is None else None

    def preparer(self) -> "Preparer":
        """Return what computes the windows and maps of images that `fit` takes from its cache, for one at a time.

        A model that is not fitted yet can do so wherever its weights are: on the machines of a cluster, say.

        Raises:
            ModelError: If the backbone's weights cannot be had.
        """
        return self._preparer(self._window_features(self._load_backbone()))

    def _preparer(self, features: Features) -> "Preparer":
        images = partial(self._images, self.classes)
        if tuning := self._tuning(features):
            stem = learning.stem_of(features, tuning)
            return learning.Preparer(stem, images, self.search, flips=tuning.flips, all_scales=True)
        return learning.Preparer(features, images, self.search)

    def _images(self, classes: Sequence[str], features: Features, folder: Path) -> "TrainingImages":
        negatives, difficult = self.training.negative_iou, self.training.use_difficult
        return learning.TrainingImages(classes, features, folder, negative_iou=negatives, use_difficult=difficult)

    def add_classes(
        self,
        train: Iterable[tuple[Image, Target]],
        classes: Sequence[str] | None = None,
        *,
        negatives: Iterable[Image] = (),
        cache: Path | str | None = None,
        workers: int = 2,
        progress: Progress = lambda stage, done, total: None,
    ) -> "SPPNet":
        """Return the model with further classes, learned from a few images with the layers that it has.

        Those it had stay as they are, to the byte. To a softmax the further classes come as SVMs with a calibration of
        their own, so that scores mean the same for all.

        Args:
            train: As `fit` takes them, with all objects of the new classes. Objects of classes that the model has may
                be among them, and are what the new ones must not be taken for.
            classes: Names of the labels in train; the default is `train.classes`, as data sets have them. Those of
                which there are objects, and which the model does not have, are learned.
            negatives: Images without any object of the new classes, which teach what these must not be taken for.
            cache: As in `fit`.
            workers: As in `fit`.
            progress: As in `fit`.

        Raises:
            InputError: If there is no object of a class that the model does not have, or a target breaks a rule.
            ModelError: If the model is neither fitted nor loaded.
        """
        (features, scorer), clock = self.fitted(), Stopwatch()
        names = getattr(train, "classes", None) if classes is None else classes
        if names is None:
            raise InputError("classes must name the labels of images that come without names")
        new = [name for name in names if name not in self.classes]
        if not new:
            raise InputError(f"the model has all classes of these images already: {', '.join(names)}")
        items = chain(learning.of_classes(train, names, new), learning.without_objects(negatives))
        total = sum(len(images) for images in (train, negatives) if isinstance(images, Sized))
        with nullcontext(cache) if cache else TemporaryDirectory() as folder:
            images = self._images(new, features, Path(folder))
            with clock("windows and maps"):
                images.prepare(items, self.search, workers=workers, progress=progress, total=total)
            learned = learning.learn_classes(
                images,
                settings=self.training,
                usual=Calibration() if scorer.softmax else scorer.calibration,
                calibrate=scorer.softmax or scorer.calibration != Calibration(),  # else scores are no probabilities
                seed=self.seed,
                progress=progress,
                clock=clock,
            )
        objects = {name: count for name, count in zip(new, images.objects().tolist(), strict=True) if count}
        model = self._changed((*self.classes, *objects), scorer.with_further(learned))
        model.metrics_["objects"] = dict(self._objects()) | objects
        added = {"objects": objects, "images": len(images), "seconds": clock.rounded}
        model.metrics_["added"] = [*self.metrics_.get("added", []), added]
        return model

    def remove_class(self, name: str) -> "SPPNet":
        """Return the model without a class; to a softmax, what looks like it is background from now on.

        Raises:
            InputError: If the model has no such class, or no other.
            ModelError: If the model is neither fitted nor loaded.
        """
        label, (_, scorer) = self._label(name), self.fitted()
        if len(self.classes) == 1:
            raise InputError(f"{name!r} is the only class of the model, and one must stay")
        model = self._changed((*self.classes[:label], *self.classes[label + 1 :]), scorer.without(label))
        model.metrics_["objects"] = {other: count for other, count in self._objects() if other != name}
        model.examples_ = self.examples_ and self.examples_.renamed({name: None})
        return model

    def rename_class(self, name: str, new_name: str) -> "SPPNet":
        """Return the model with another name for a class.

        Raises:
            InputError: If the model has no such class, or has one of the new name, or that is empty.
            ModelError: If the model is neither fitted nor loaded.
        """
        label, (_, scorer) = self._label(name), self.fitted()
        if not new_name.strip() or new_name in self.classes:
            raise InputError(f"the new name must be one that no class of the model has, not {new_name!r}")
        model = self._changed((*self.classes[:label], new_name, *self.classes[label + 1 :]), scorer)
        model.metrics_["objects"] = {new_name if other == name else other: count for other, count in self._objects()}
        model.examples_ = self.examples_ and self.examples_.renamed({name: new_name})
        return model

    def _label(self, name: str) -> int:
        if name not in self.classes:
            raise InputError(f"the model has no class {name!r}; it has {', '.join(self.classes)}")
        return self.classes.index(name)

    def _objects(self) -> Iterable[tuple[str, int]]:
        """Return the classes, and how many objects of each were learned from."""
        objects: dict[str, int] = self.metrics_.get("objects", {})
        return objects.items()

    def _changed(self, classes: tuple[str, ...], scorer: WindowScorer) -> "SPPNet":
        """Return the model with other classes, and what scores them."""
        model = copy.copy(self)
        model.classes, model.metrics_, model._fitted = classes, dict(self.metrics_), (self.fitted()[0], scorer)
        return model

    def compress(self, ranks: Sequence[int]) -> "SPPNet":
        """Return the model with fc6 and fc7 of lower rank, by truncated singular values (Girshick 2015, section 3.1).

        Raises:
            ModelError: If the model is neither fitted nor loaded.
            InputError: If it has no fully connected layers, or there is not one positive rank for each.
        """
        features, scorer = self.layered()
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
        features, scorer = self.layered()
        layers: tuple[Backbone, Head | None] = features.backbone, features.head  # type: ignore[assignment]
        storage.save(Path(folder), config_of(self), layers, scorer, self.metrics_, half=half, kept=self.examples_)

    @classmethod
    def load(cls, folder: Path | str, *, device: str = "cpu", engine: str = "auto") -> "SPPNet":
        """Return a model that was saved in a folder, or is bundled under that name, to compute on a device.

        Raises:
            ModelError: If the folder holds no model, a damaged one, or one of another method; see `load_detector`.
        """
        config, layers, scorer, metrics, kept, whole = storage.load(Path(folder), device, engine)
        if config["method"] != cls.method:
            raise ModelError(f"{folder}: is a model of the method {config['method']!r}, not {cls.method!r}")
        with checked_settings(Path(folder)):
            model = cls(weights=folder, device=device, engine=engine, **settings_from(config))
        model._fitted, model._whole = (model._window_features(*layers), scorer), whole
        model.metrics_, model.examples_ = metrics, kept
        return model

    def plan(self, images: int) -> dict[str, float]:
        """Return what a training on so many images of about the aspect 4:3 needs.

        That is {"disk_bytes", "memory_bytes", "seconds"}, the seconds those of two cores that start from nothing.
        """
        return needs(
            images,
            backbone=self.backbone,
            pooling=self.pooling,
            training=self.training,
            tuning=self.fine_tuning,
            svms=self.scores == "svm",
        )

    def _load_backbone(self) -> "Backbone":
        return conv.load_backbone(
            self.backbone,
            self.weights,
            preprocessing=self.preprocessing,
            precision=self.precision,
            device=self.device,
            engine=self.engine,
            seed=self.seed,
        )

    def _window_features(self, backbone: ConvLayers, head: "Head | None" = None) -> Features:
        return WindowFeatures(backbone, self.pooling, head, self.layer)

    def fitted(self) -> tuple[Features, WindowScorer]:
        """Return how windows become vectors, and vectors detections.

        Raises:
            ModelError: If the model is neither fitted nor loaded.
        """
        if self._fitted is None:
            raise ModelError("the model has not been trained: fit it, or load one")
        return self._fitted

    def layered(self) -> tuple[Features, WindowScorer]:
        """Return the same as `fitted`, with all layers as those of torch, which only training and saving need.

        Raises:
            ModelError: If the model is neither fitted nor loaded, or its file does not hold the layers.
        """
        _, scorer = self.fitted()
        if self._whole is not None:
            self._fitted, self._whole = (self._window_features(*self._whole()), scorer), None
        return self.fitted()

    @property
    def remark(self) -> str:
        """What one may wonder about the engine of a fitted or loaded model: a sentence, or nothing."""
        return self.fitted()[0].backbone.remark


def _metrics(images: "TrainingImages", scorer: WindowScorer, clock: Stopwatch) -> dict[str, Any]:
    """Return what is known of a fitted model."""
    return {
        "images": len(images),
        "objects": dict(zip(images.classes, images.objects().tolist(), strict=True)),
        "seconds": clock.rounded,
        "calibration": asdict(scorer.calibration),
    }
