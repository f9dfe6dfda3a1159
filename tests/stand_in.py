"""A stand-in for SPPNet, so that tests of the commands take no training: it finds one disc in every image."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest

from sppnet.detector import ModelError
from sppnet.proposals import SelectiveSearch

BOX = (10.0, 20.0, 60.0, 80.0)


class StandIn:
    """Has SPPNet's face, as far as the commands use it."""

    remark = ""
    confidence = 0.5
    fine_tuning = None
    needs: ClassVar[dict[str, float]] = {"disk_bytes": 1000.0, "memory_bytes": 2e9, "seconds": 90.0}

    def __init__(self, classes: Sequence[str], **settings: Any) -> None:
        self.classes = tuple(classes)
        self.search = SelectiveSearch(limit=10)
        self.metrics_: dict[str, Any] = {}

    def fit(
        self,
        train: Iterable[Any],
        *,
        cache: Path,
        workers: int,
        progress: Callable[[str, int, int], None],
        note: Callable[[dict[str, Any]], None] = lambda line: None,
    ) -> Self:
        cache.mkdir(parents=True, exist_ok=True)
        windows = [target["windows"].tolist() if "windows" in target else [] for _, target in train]
        self.metrics_ = {"images": len(windows), "objects": {"disc": 3}, "windows": windows}
        progress("everything", 1, 1)
        return self

    def predict(
        self, images: Sequence[Any], *, windows: Sequence[Any] | None = None, confidence: float = 0.0, **_options: Any
    ) -> list[dict[str, Any]]:
        found: dict[str, Any] = {
            "boxes": np.array([BOX], np.float32),
            "labels": np.array([0]),
            "scores": np.array([0.75], np.float32),
            "margins": np.array([1.5], np.float32),
            "milliseconds": {"proposals": 1.0, "conv": 2.0} if windows is None else {"conv": 2.0},
        }
        kept = slice(None) if confidence <= 0.75 else slice(0)
        return [
            {name: value if name == "milliseconds" else value[kept] for name, value in found.items()} for _ in images
        ]

    def plan(self, images: int) -> dict[str, float]:
        return self.needs

    def save(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text("{}")

    @classmethod
    def load(cls, folder: Path | str, *, device: str = "cpu", engine: str = "auto") -> Self:
        if not Path(folder).is_dir():
            raise ModelError(f"{folder}: there is no such model folder")
        return cls(("disc", "ring", "square", "triangle"))


def stand_in_combination(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """Let combinations of stand-ins be the first of them, and return a list that notes how many and how merged."""
    made: list[tuple[int, str]] = []

    def combine(models: Sequence[StandIn], *, merge: str) -> StandIn:
        made.append((len(models), merge))
        return models[0]

    monkeypatch.setattr("sppnet.detector.Combination", combine)
    return made
