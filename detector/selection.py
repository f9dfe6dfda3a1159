"""Which of an image's detections are wanted: of some classes, above a score of each class's own, the best few."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def select(found: Mapping[str, Any], least_scores: Sequence[float], *, limit: int | None = None) -> dict[str, Any]:
    """Return the detections that are wanted, in their order.

    Suppression goes from the best box on, so that this gives what detecting with these least scores would.

    Args:
        found: What `predict` returned for an image.
        least_scores: For each class the least score of a detection; one above 1 leaves the class out.
        limit: How many detections are kept at most, the first; None keeps all.
    """
    wanted = np.flatnonzero(found["scores"] >= np.asarray(least_scores, np.float32)[found["labels"]])[:limit]
    return {name: value[wanted] if isinstance(value, np.ndarray) else value for name, value in found.items()}
