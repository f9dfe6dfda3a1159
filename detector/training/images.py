"""What training keeps of its images: targets and windows in memory, feature maps on disk, vectors nowhere.

A map is 50 times smaller than the vectors of its windows (513 GB for VOC2007), and pooling is cheap enough to repeat.
"""

import copy
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from sppnet.proposals import SelectiveSearch, WindowStore, compute_windows

from ..backbone.backbone import to_numpy, to_tensor
from ..backbone.engines.torch_engine import full_float32
from ..checks import check_windows, checked_target
from ..errors import InputError
from ..files.cache import ArrayCache, content_key
from ..pooling.features import Features, WindowFeatures
from ..pooling.vectors import Maps, Vectors
from ..scoring.boxes import iou
from ..threads import conv_threads, thread_count
from ..types import Floats, Image, Progress, Target
from .layers.tail import maps_through
from .scaling import Scaling

WINDOWS, MAPS = "windows", "maps"  # folders for them
VERSION = 3  # of the maps on disk: a change in how they are made makes the old ones unknown


@dataclass(frozen=True)
class _Example:
    size: tuple[int, int]
    target: Target
    windows: npt.NDArray[np.float32]
    maps: str


class TrainingImages:
    """Images prepared for training: a sequence of windows, labels and vectors by the number of the image.

    The windows of an image are its proposals followed by the boxes of its objects (without the difficult ones, unless
    they are used).
    """

    def __init__(
        self,
        classes: Sequence[str],
        features: Features,
        folder: Path,
        *,
        negative_iou: float = 0.3,
        use_difficult: bool = False,
    ) -> None:
        self.classes, self.features = tuple(classes), features
        self._negative_iou, self._use_difficult = negative_iou, use_difficult
        self._folder, self._cache = folder, ArrayCache(folder / MAPS)
        self._examples: list[_Example] = []

    def __len__(self) -> int:
        return len(self._examples)

    def prepare(
        self,
        images: Iterable[tuple[Image, Target]],
        search: SelectiveSearch,
        *,
        workers: int,
        progress: Progress,
        total: int,
        flips: bool = False,
        all_scales: bool = False,
        key: str = "",
    ) -> "TrainingImages":
        """Compute windows, in threads ahead, and maps of all images; what the folder already has is taken.

        Args:
            images: (image, target) pairs, iterated once. Where targets have "windows", float32 (N, 4), these are used.
            search: Proposes the windows of the others; either all targets have windows or none.
            workers: Threads that propose windows ahead.
            progress: Called with (stage, done, total).
            total: How many images there are, 0 if that is not known.
            flips: Whether maps of the mirrored images are wanted, too.
            all_scales: Whether maps are wanted of scales, too, that no window selects.
            key: Of the features, where it is known: it takes some milliseconds.

        Raises:
            InputError: If a target or a window breaks a rule, or only some targets have windows.
        """
        pairs = iter(images)
        first = next(pairs, None)
        if first is None:
            return self
        pairs, given = chain([first], pairs), "windows" in first[1]
        found = self._given(pairs) if given else self._proposed(pairs, search, workers)
        key = key or self.features.key()
        with conv_threads(1 if workers > 1 and not given else thread_count()):
            for number, (image, target, windows) in enumerate(found):
                self._add(image, windows, target, key, flips, all_scales)
                progress("windows and maps", number + 1, total)
        return self

    def _given(self, pairs: Iterable[tuple[Image, Target]]) -> Iterator[tuple[Image, Target, Floats]]:
        """Yield images with the windows of their targets."""
        for number, (image, target) in enumerate(pairs):
            if "windows" not in target:
                raise InputError(f"image {number}: has no windows, and image 0 has some")
            windows = check_windows(target["windows"], number)
            yield image, checked_target(target, number, len(self.classes)), windows

    def _proposed(
        self, pairs: Iterable[tuple[Image, Target]], search: SelectiveSearch, workers: int
    ) -> Iterator[tuple[Image, Target, Floats]]:
        """Yield images with windows that are found in other threads ahead, or were found before."""
        targets: deque[Target] = deque()

        def pixels() -> Iterator[Image]:
            for number, (image, target) in enumerate(pairs):
                if "windows" in target:
                    raise InputError(f"image {number}: has windows, and image 0 has none")
                targets.append(checked_target(target, number, len(self.classes)))
                yield image

        for image, windows in compute_windows(pixels(), search, folder=self._folder / WINDOWS, workers=workers):
            yield image, targets.popleft(), windows

    def has(
        self,
        image: Image,
        target: Target,
        search: SelectiveSearch,
        *,
        flips: bool = False,
        all_scales: bool = False,
        key: str = "",
    ) -> bool:
        """Return whether the folder has the windows and maps of an image that `prepare`, called so, would compute.

        Raises:
            InputError: If the target or a window breaks a rule.
        """
        given, target = target.get("windows"), checked_target(target, 0, len(self.classes))
        windows = WindowStore(self._folder / WINDOWS, search).load(image) if given is None else check_windows(given, 0)
        if windows is None:
            return False
        example = self._example(image, windows, target, key or self.features.key())
        scales = self._wanted(example, all_scales)
        keys = [example.maps, *[f"{example.maps}-flipped"] * flips]
        return all(self._kept(key, scales) for key in keys)

    def _add(
        self,
        image: Image,
        windows: npt.NDArray[np.float32],
        target: Target,
        settings: str,
        flips: bool,
        all_scales: bool,
    ) -> None:
        example = self._example(image, windows, target, settings)
        windows, scales = example.windows, self._wanted(example, all_scales)
        self._keep(example.maps, scales, lambda: self.features.maps(image, scales, windows))
        if flips:
            mirrored = np.ascontiguousarray(image[:, ::-1])
            self._keep(f"{example.maps}-flipped", scales, lambda: self.features.maps(mirrored, scales, windows))
        self._examples.append(example)

    def _example(self, image: Image, windows: npt.NDArray[np.float32], target: Target, settings: str) -> _Example:
        windows = np.concatenate([windows, target["boxes"][self._used(target)]])
        seen = [windows] if self.features.per_window else []
        key = content_key(settings, str(VERSION), image, *seen)
        return _Example((image.shape[0], image.shape[1]), target, windows, key)

    def _wanted(self, example: _Example, all_scales: bool) -> Sequence[int]:
        return self.features.scales if all_scales else self._scales(self.features, example)

    def _kept(self, key: str, scales: Sequence[int]) -> bool:
        """Return whether the folder has the maps of an image."""
        return all(self._cache.load(f"{key}-{name}") is not None for name in self.features.names(scales))

    def _keep(self, key: str, scales: Sequence[int], compute: Callable[[], Maps]) -> None:
        """Compute the maps of an image unless the folder has them."""
        if not self._kept(key, scales):
            for name, cells in compute().items():
                self._cache.save(f"{key}-{name}", torch.as_tensor(cells).half().cpu().numpy())

    def through(self, features: WindowFeatures, layers: torch.nn.Sequential, progress: Progress) -> "TrainingImages":
        """Return the same images with the maps that further conv layers make of theirs."""
        images = copy.copy(self)
        images.features = features
        key = features.key()
        images._examples = [replace(example, maps=content_key(key, example.maps)) for example in self._examples]
        for number, example in enumerate(images._examples):
            scales = self._scales(features, example)
            images._keep(example.maps, scales, partial(self._further, number, scales, features, layers))
            progress("maps", number + 1, len(images))
        return images

    def _further(self, number: int, scales: Sequence[int], features: WindowFeatures, layers: nn.Sequential) -> Maps:
        """Return the maps that features need, made by further layers of those that are kept."""
        stem, found = self.features.backbone, dict[str, Floats | torch.Tensor]()
        given = {name: to_tensor(map).to(stem.device) for name, map in self.maps(number, scales).items()}
        for scale in scales:
            with torch.inference_mode(), full_float32():
                made = maps_through(layers, given, scale, stem=stem, whole=features.backbone, names=features.map_names)
                found |= {name: to_numpy(map) for name, map in made.items()}
        return found

    def _scales(self, features: Features, example: _Example) -> Sequence[int]:
        """Return the scales that some window of an image uses."""
        scales: list[int] = np.unique(features.scales_of(example.windows, example.size)).tolist()
        return scales

    def key(self) -> str:
        """Return what tells these images, and the maps kept of them, from others."""
        return content_key(
            *(example.maps for example in self._examples), *(example.windows for example in self._examples)
        )

    def objects(self) -> npt.NDArray[np.int64]:
        """Return how many objects of each class there are to learn: int64 (K,)."""
        labels = [example.target["labels"][self._used(example.target)] for example in self._examples]
        return np.bincount(np.concatenate([np.zeros(0, np.int64), *labels]), minlength=len(self.classes))

    def check_objects(self) -> None:
        """Raise InputError unless there is an object to learn from."""
        if not self.objects().any():
            raise InputError(f"none of {len(self)} training images has an object to learn from")

    def windows(self, number: int) -> npt.NDArray[np.float32]:
        """Return an image's windows: float32 (N, 4), objects last."""
        return self._examples[number].windows

    def labels(self, number: int) -> npt.NDArray[np.int8]:
        """Return what each window is to each class.

        Returns:
            int8 (N, K): +1 for an object of the class, -1 for a window that overlaps every object of the class, also
            a difficult one, by less than `negative_iou`, otherwise 0.
        """
        example = self._examples[number]
        found = np.full((len(example.windows), len(self.classes)), -1, np.int8)
        overlaps = iou(example.windows, example.target["boxes"])
        for label in np.unique(example.target["labels"]):
            of_class = overlaps[:, example.target["labels"] == label]
            found[of_class.max(axis=1) >= self._negative_iou, label] = 0
        labels = example.target["labels"][self._used(example.target)]
        found[np.arange(len(found) - len(labels), len(found)), labels] = 1
        return found

    def nearest_objects(
        self, number: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Return for every window the object, of any class, that it overlaps most.

        Returns:
            The overlaps float32 (N,), the objects' boxes float32 (N, 4) and labels int64 (N,). An image without
            objects to train on gives overlaps of 0.
        """
        example = self._examples[number]
        used = self._used(example.target)
        boxes, labels = example.target["boxes"][used], example.target["labels"][used]
        if len(boxes) == 0:
            count = len(example.windows)
            return np.zeros(count, np.float32), np.zeros((count, 4), np.float32), np.zeros(count, np.int64)
        overlaps = iou(example.windows, boxes)
        nearest = overlaps.argmax(axis=1)
        return overlaps.max(axis=1), boxes[nearest], labels[nearest]

    def target(self, number: int) -> Target:
        """Return an image's objects, difficult ones too."""
        return self._examples[number].target

    def size(self, number: int) -> tuple[int, int]:
        """Return an image's height and width."""
        return self._examples[number].size

    def proposals(self, number: int) -> int:
        """Return how many of an image's windows, the first ones, are proposals."""
        example = self._examples[number]
        return len(example.windows) - int(self._used(example.target).sum())

    def vectors(self, number: int, rows: npt.NDArray[np.int64] | None = None) -> Vectors:
        """Return the vectors of an image's windows, or of some of them."""
        example = self._examples[number]
        scales = self.features.scales_of(example.windows, example.size)
        maps = self.maps(number, np.unique(scales).tolist())
        vectors = self.features.project(maps, example.windows, scales, example.size)
        return vectors if rows is None else vectors.take(rows)

    def measure_scaling(
        self, numbers: npt.NDArray[np.int64], *, norm: float, centre: bool, standardise: bool, seed: int
    ) -> Scaling:
        """Return the scaling that brings vectors to a norm, from 200 windows of 200 images as in the release.

        Args:
            numbers: The images to choose from.
            norm: Root mean square norm of the scaled vectors (the release: a mean norm of 20).
            centre: Whether their mean becomes zero.
            standardise: Whether every dimension is first divided by its standard deviation (plus a tenth of the mean
                one, so that dimensions which hardly vary stay small).
            seed: Of the random choice.
        """
        random = np.random.default_rng(seed)
        count, sums, squares = 0, np.zeros(self.features.dimensions), np.zeros(self.features.dimensions)
        for number in random.permutation(numbers)[:200].tolist():
            vectors = self.vectors(number, random.permutation(len(self.windows(number)))[:200]).all()
            count += len(vectors)
            sums += vectors.sum(axis=0)
            squares += np.square(vectors).sum(axis=0)
        mean, variance = sums / count, np.maximum(squares / count - np.square(sums / count), 0)
        deviations = np.sqrt(variance) if standardise else np.ones_like(mean)
        factors = 1 / np.maximum(deviations + 0.1 * deviations.mean(), 1e-12)
        energy = float(np.square(factors) @ (variance if centre else squares / count))
        factors *= norm / max(energy**0.5, 1e-12)
        return Scaling((mean * centre).astype(np.float32), factors.astype(np.float32))

    def maps(self, number: int, scales: Sequence[int], *, flipped: bool = False) -> dict[str, npt.NDArray[np.float32]]:
        """Return an image's maps at these scales, or those of the mirrored image, as they were kept.

        Raises:
            InputError: If a map is no longer there.
        """
        maps = {}
        for name in self.features.names(scales):
            stored = self._cache.load(f"{self._examples[number].maps}{'-flipped' * flipped}-{name}")
            if stored is None:
                raise InputError(f"the cache {self._folder} lost a map while it was in use: run the training again")
            maps[name] = stored.astype(np.float32)
        return maps

    def _used(self, target: Target) -> npt.NDArray[np.bool_]:
        return np.ones(len(target["labels"]), np.bool_) if self._use_difficult else ~target["difficult"]
