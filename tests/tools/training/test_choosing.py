"""Settings by cross-validation: parts that hold copies together, candidates as time allows, the best one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sppnet.data import content_hashes, open_data
from sppnet.tools.command.console import CommandError
from sppnet.tools.command.shapes import write_shapes
from sppnet.tools.training.choosing import CANDIDATES, FOLDS, Task, choose_settings, divided_in_folds
from tests.stand_in import StandIn


class Candidate(StandIn):
    """Finds the objects of its images if its settings are those that are to win, and notes what it learned."""

    learned: "list[tuple[Any, int]]" = []  # noqa: RUF012
    truth: "dict[bytes, Any]" = {}  # noqa: RUF012

    def __init__(self, classes: Any, **settings: Any) -> None:
        super().__init__(classes)
        self.settings = settings

    def fit(self, train: Any, **options: Any) -> Any:
        self.learned.append((self.settings, len(train)))
        return super().fit(train, **options)

    def predict(self, images: Any, **options: Any) -> Any:
        [found] = super().predict(images)
        if self.settings.get("C") == 1e-2:
            boxes, labels = self.truth[images[0].tobytes()]
            found |= {"boxes": boxes, "labels": labels, "scores": np.full(len(labels), 0.9, np.float32)}
        return [found]


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Task:
    write_shapes(tmp_path / "shapes", train=6, val=1, seed=2)
    data = open_data(tmp_path / "shapes", "train")
    truth = {image.tobytes(): (target["boxes"], target["labels"]) for image, target in data}
    monkeypatch.setattr(Candidate, "truth", truth)
    monkeypatch.setattr(Candidate, "learned", [])
    folds = divided_in_folds(content_hashes(data), seed=0)
    return Task(data, folds, tmp_path / "cache", 0, lenient=False, windows=None, order=data.ids)


def make(**settings: Any) -> Any:
    return Candidate(("disc", "ring", "square", "triangle"), **settings)


def test_copies_are_in_one_part_and_parts_are_of_one_size() -> None:
    hashes = np.array([7, 8, 9, 7, 10, 11, 12], np.uint64)

    folds = divided_in_folds(hashes, seed=0)

    assert folds[0] == folds[3]
    assert np.bincount(np.delete(folds, 3)).tolist() == [2, 2, 2]


def test_too_few_images_are_an_error() -> None:
    with pytest.raises(CommandError, match="6 different images at least, there are 2"):
        divided_in_folds(np.array([1, 2, 2, 2, 1, 1, 2], np.uint64), seed=0)


def test_the_best_of_all_is_chosen_where_there_is_time(task: Task, capsys: pytest.CaptureFixture[str]) -> None:
    settings, rows = choose_settings(make, task, minutes=1000, slower=1.0)

    assert settings["C"] == 1e-2 and rows[0]["mAP"] == pytest.approx(1)
    assert {row["name"] for row in rows} == CANDIDATES.keys()
    assert "chosen: C 0.01, the best of 7 in 3-fold cross-validation" in capsys.readouterr().err


def test_every_candidate_learns_from_the_other_parts(task: Task) -> None:
    choose_settings(make, task, minutes=1000, slower=1.0)

    assert [count for _, count in Candidate.learned] == [4] * FOLDS * len(CANDIDATES)


def test_without_time_the_usual_settings_are_taken(task: Task, capsys: pytest.CaptureFixture[str]) -> None:
    settings, rows = choose_settings(make, task, minutes=0.1, slower=1.0)

    assert (settings, rows, Candidate.learned) == (next(iter(CANDIDATES.values())), [], [])
    assert "no time for C 0.01" in capsys.readouterr().err


def test_candidates_that_fit_are_tried_in_order(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    def costly(self: Candidate, images: int) -> dict[str, float]:
        return {**self.needs, "seconds": 1000.0 if self.settings["preset"] == "hours" else 1.0}

    monkeypatch.setattr(Candidate, "plan", costly)

    _, rows = choose_settings(make, task, minutes=10, slower=1.0)

    assert {row["name"] for row in rows} == CANDIDATES.keys() - {"conv layers learn"}
