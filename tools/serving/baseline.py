"""R-CNN beside SPP-net, on the same image and windows: the race of `sppnet bench`, one lap on request."""

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sppnet import detector


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
        lap = self.made(name, network).run(image, windows)
        found = lap.objects
        return {
            "note": self.made(name, network).note,
            "windows": len(windows),
            "milliseconds": lap.milliseconds,
            "detections": found
            and [
                {"label": network.classes[label], "score": score, "box": box}
                for label, score, box in zip(*(found[k].tolist() for k in ("labels", "scores", "boxes")), strict=True)
            ],
        }

    def made(self, name: str, network: "detector.SPPNet") -> Any:
        """Return the R-CNN that goes with a model.

        Raises:
            CommandError: If there is none, or the trained one does not go with it; see `race.r_cnn`.
        """
        if name not in self._made:
            from ..benchmarks import race

            where = {"device": network.device, "engine": network.engine}
            trained = None if self.folder is None else detector.load_detector(self.folder, **where)
            # A copy, because a model whose layers were asked for computes with torch from then on.
            self._made[name] = race.r_cnn(copy.copy(network), trained, images=1)
        return self._made[name]
