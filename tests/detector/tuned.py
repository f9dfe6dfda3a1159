"""Detectors of the squares that are trained in a moment."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sppnet.detector import FineTuning, Mining, Pooling, SPPNet, Training, View
from sppnet.detector.types import Target
from tests.conftest import no_progress, square_image, windows_near, with_windows

SMALL = Pooling(scales=(96,), views=(View((1, 2)),))
WIDTHS = FineTuning(widths=(10, 8), epochs=1, windows=16, learning_rate=2e-3)


def tuned(
    backbone: str,
    cache: Path | None = None,
    *,
    images: int = 6,
    progress: Callable[[str, int, int], None] = no_progress,
    **settings: Any,
) -> SPPNet:
    model = SPPNet(
        ("red", "blue"),
        backbone=backbone,
        weights="random",
        training=Training(mining=Mining(C=0.01, memory=5_000_000), held_out=0.2),
        **{"pooling": SMALL, **settings},
    )
    return model.fit(squares_with_windows(images), workers=0, cache=cache, progress=progress)


def squares_with_windows(count: int) -> list[tuple[Any, Target]]:
    return with_windows(map(square_image, range(count)), map(windows_near, range(count)))
