"""What the server computes: plain functions of bytes, numbers and names, called in the one thread that computes."""

import time
import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

import numpy as np
import numpy.typing as npt

from sppnet import detector
from sppnet.data import DataWarning, image_record, read_image

from ..command.console import CommandError
from ..reports.detections import annotate
from .baseline import Baseline
from .bodies import Upload
from .downloads import Download, written
from .looks import Look, Looks
from .refusals import RefusedError

LEAST = 0.05  # score of a detection that the page's slider can still ask for
NOT_FOUND = 2.0  # least score of a class that is not wanted


@dataclass(frozen=True)
class Limits:
    """What a request may bring: bytes of its body, and pixels of its image."""

    bytes: int = 32 << 20
    pixels: int = 64_000_000


@dataclass
class Service:
    """The models that are served, and what they saw last.

    Attributes:
        models: By name; the first is taken where none is named.
        limits: Of every request.
        baseline: R-CNN for the same windows.
        looks: Images that can be asked about.
    """

    models: Mapping[str, "detector.SPPNet"]
    limits: Limits = field(default_factory=Limits)
    baseline: Baseline = field(default_factory=Baseline)
    looks: Looks = field(default_factory=Looks)

    def model(self, name: str | None) -> "tuple[str, detector.SPPNet]":
        """Return a model with its name; the first one for None.

        Raises:
            RefusedError: With 404, if there is none of this name.
        """
        name = next(iter(self.models)) if name is None else name
        if name not in self.models:
            raise RefusedError(404, f"there is no model {name!r}; there are {', '.join(self.models)}")
        return name, self.models[name]

    def described(self) -> list[dict[str, Any]]:
        """Return what is known of every model, ready for JSON."""
        return [
            {
                "name": name,
                "method": model.method,
                "backbone": model.backbone,
                "classes": list(model.classes),
                "confidence": model.confidence,
                "scores": model.scores,
                "scales": list(model.pooling.scales),
            }
            for name, model in self.models.items()
        ]

    def detect(
        self, upload: Upload, model: str | None, confidence: float | None, classes: Collection[str] | None
    ) -> dict[str, Any]:
        """Return the record of an image, as `sppnet detect --format json` writes it, and what was wrong with the file.

        Raises:
            DataError: If the image cannot be read.
            RefusedError: If there is no such model or class.
        """
        _, network = self.model(model)
        least = _least_scores(network, confidence, classes)
        image, reading, problems = self._read(upload)
        [found] = network.predict([image], confidence=min(least))
        chosen = detector.select(found, least)
        chosen["milliseconds"] = {"read": reading, **found["milliseconds"]}
        record = image_record(upload.name, (image.shape[0], image.shape[1]), chosen, network.classes)
        return record | {"warnings": problems} if problems else record

    def look(self, upload: Upload, model: str | None) -> dict[str, Any]:
        """Keep an image with all that is computed of it, and return its id and what the page shows of it.

        Raises:
            DataError: If the image cannot be read.
            InputError: If the model is none that can be explained.
            RefusedError: If there is no such model.
        """
        name, network = self.model(model)
        explainer = detector.Explainer(network)
        image, reading, problems = self._read(upload)
        seen = explainer.look(image, confidence=LEAST)
        milliseconds = {"read": reading, **seen.detections["milliseconds"]}
        look = Look(upload.name, image, name, seen, milliseconds, problems)
        return {
            "id": self.looks.add(look),
            "model": name,
            "classes": list(network.classes),
            "confidence": network.confidence,
            **self._record(look),
            "windows": np.round(seen.windows.astype(np.float64), 1).tolist(),
            "warnings": problems,
        }

    def pyramid(self, id_: str, box: list[float]) -> dict[str, Any]:
        """Return what is pooled for a window of a kept image, the vector's values with it."""
        pooled: dict[str, Any] = self.looks[id_].seen.pooled(box).to_json(vector=True)
        return pooled

    def explain(self, id_: str, object_: int | None, box: list[float] | None) -> dict[str, Any]:
        """Return why a detection, or a window, of a kept image scored what it scored."""
        explanation: dict[str, Any] = self.looks[id_].seen.explain(object_, box=box).to_json()
        return explanation

    def rcnn(self, id_: str) -> dict[str, Any]:
        """Return what R-CNN makes of the windows of a kept image, and how long it takes."""
        look = self.looks[id_]
        try:
            return self.baseline.run(look.model, self.models[look.model], look.image, look.seen.windows)
        except CommandError as error:  # it cannot be made of this model
            raise RefusedError(422, str(error)) from None

    def picture(self, id_: str) -> Download:
        """Return a kept image as it was decoded, for browsers that cannot read its format."""
        look = self.looks[id_]
        return Download(f"{PurePath(look.name).stem}.jpg", annotate(look.image, {"detections": []}, ()))

    def download(self, id_: str, form: str, confidence: float | None, classes: Collection[str] | None) -> Download:
        """Return what was found in a kept image in an output format; `picture` is the image with the boxes on it."""
        look = self.looks[id_]
        network = self.models[look.model]
        record = self._record(look, _least_scores(network, confidence, classes))
        if form == "picture":
            return Download(f"{PurePath(look.name).stem}-detections.jpg", annotate(look.image, record, network.classes))
        return written(form, record, network.classes)

    def _record(self, look: Look, least: list[float] | None = None) -> dict[str, Any]:
        classes = self.models[look.model].classes
        found = look.seen.detections if least is None else detector.select(look.seen.detections, least)
        size = (look.image.shape[0], look.image.shape[1])
        return image_record(look.name, size, {**dict(found), "milliseconds": look.milliseconds}, classes)

    def _read(self, upload: Upload) -> tuple[npt.NDArray[np.uint8], float, list[str]]:
        """Return an image, the milliseconds that decoding it takes, and what is wrong with the file."""
        started = time.perf_counter()
        with warnings.catch_warnings(record=True) as problems:
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", DataWarning)
            image = read_image(upload.data, max_pixels=self.limits.pixels, name=upload.name)
        return image, 1000 * (time.perf_counter() - started), [str(problem.message) for problem in problems]


def _least_scores(model: "detector.SPPNet", confidence: float | None, wanted: Collection[str] | None) -> list[float]:
    """Return the least score of a detection of each class."""
    unknown = sorted(set(wanted or ()) - set(model.classes))
    if unknown:
        raise RefusedError(422, f"the model has no class {unknown[0]!r}")
    least = model.confidence if confidence is None else confidence
    return [least if wanted is None or name in wanted else NOT_FOUND for name in model.classes]
