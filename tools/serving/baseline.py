"""R-CNN beside SPP-net, on the same image and windows: the race of `sppnet bench`, one lap on request."""

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sppnet import detector
from sppnet.data import image_record


@dataclass
class Baseline:
    """Makes an R-CNN of a served model when it is first asked for: it needs torch, whose import takes seconds.

    Attributes:
        folder: A trained R-CNN. By default the served model's backbone and scorer are taken, as `sppnet bench` does.
    """

    folder: Path | None = None
    _made: dict[str, Any] = field(default_factory=dict)

    def run(
        self, name: str, network: "detector.SPPNet", image: npt.NDArray[np.uint8], windows: npt.NDArray[np.float32]
    ) -> dict[str, Any]:
        """Return what R-CNN finds among an image's windows, with milliseconds by stage; every window is convolved.

        "detections" are None where it is good for the time only; "note" says what it is made of.

        Raises:
            CommandError: If the models do not go together; see `race.r_cnn`.
        """
        contender = self._made.get(name) or self._make(name, network)
        lap = contender.run(image, windows)
        found = lap.objects and {**lap.objects, "margins": lap.objects["scores"], "milliseconds": {}}
        record = found and image_record(name, (image.shape[0], image.shape[1]), found, network.classes)
        return {
            "note": contender.note,
            "windows": len(windows),
            "milliseconds": lap.milliseconds,
            "detections": record and record["detections"],
        }

    def _make(self, name: str, network: "detector.SPPNet") -> Any:
        from ..benchmarks import race

        trained = self.folder and detector.load_detector(self.folder, device=network.device, engine=network.engine)
        # A copy, because a model whose layers were asked for computes with torch from then on.
        self._made[name] = race.r_cnn(copy.copy(network), trained, images=1)
        return self._made[name]
