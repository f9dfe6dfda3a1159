"""Tests of examples that are kept of a training, and of what becomes of them with the model."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sppnet.detector import Explainer, Pooling, SPPNet, Training, View
from sppnet.detector.errors import InputError
from sppnet.detector.training.images import TrainingImages
from sppnet.detector.training.keeping import SIDE, Keeper
from tests.conftest import square_image

Squares = list[Any]


def kept(squares: Squares, prepared: TrainingImages, count: int, *, seed: int = 0, difficult: bool = False) -> Any:
    keeper = Keeper(("red", "blue"), count, use_difficult=difficult, seed=seed)
    passed = list(keeper.passing(squares))
    assert all(one[0] is other[0] and one[1] is other[1] for one, other in zip(passed, squares, strict=True))
    return keeper.examples(prepared)


def colour(crop: bytes) -> list[float]:
    with Image.open(io.BytesIO(crop)) as picture:
        return [float(value) for value in np.asarray(picture).mean(axis=(0, 1))]


def test_so_many_objects_of_every_class_are_kept_as_crops(squares: Squares, prepared: TrainingImages) -> None:
    found = kept(squares, prepared, 3)

    assert sorted(found.names) == ["blue"] * 3 + ["red"] * 3
    reddest = [colour(crop)[0] > colour(crop)[2] for crop in found.crops]
    assert reddest == [name == "red" for name in found.names]


def test_all_but_difficult_objects_are_kept_where_there_are_no_more(squares: Squares, prepared: TrainingImages) -> None:
    assert sorted(kept(squares, prepared, 99).names) == ["blue"] * 12 + ["red"] * 16


def test_vectors_are_those_of_the_objects(squares: Squares, prepared: TrainingImages) -> None:
    found = kept(squares, prepared, 99)

    vector = prepared.vectors(1, np.array([prepared.proposals(1) + 1])).all()[0]  # the blue square of image 1
    assert found.nearest(vector)[0].name == "blue"
    assert found.nearest(vector)[0].distance == pytest.approx(0, abs=0.01)


def test_the_same_seed_keeps_the_same(squares: Squares, prepared: TrainingImages) -> None:
    first, same, other = (kept(squares, prepared, 3, seed=seed) for seed in (1, 1, 2))

    assert first.to_bytes() == same.to_bytes()
    assert first.crops != other.crops


def test_large_objects_are_made_small_and_tiny_ones_left() -> None:
    target = {"boxes": np.array([[10, 20, 410, 220], [0, 0, 0.5, 0.5]], np.float32), "labels": np.array([0, 0])}
    keeper = Keeper(("thing",), 2, use_difficult=False, seed=0)

    list(keeper.passing([(np.zeros((300, 500, 3), np.uint8), target)]))

    sizes = [Image.open(io.BytesIO(each.crop)).size for each in keeper._kept[0]]
    assert sizes == [(SIDE, SIDE // 2), (1, 1)]


def test_no_objects_are_no_examples(squares: Squares, prepared: TrainingImages) -> None:
    assert kept(squares, prepared, 0) is None


def test_a_target_that_breaks_a_rule_is_named() -> None:
    wrong = {"boxes": np.array([[5, 5, 2, 2]], np.float32), "labels": np.array([0])}

    with pytest.raises(InputError, match="image 0: a box needs"):
        list(Keeper(("thing",), 1, use_difficult=False, seed=0).passing([(np.zeros((9, 9, 3), np.uint8), wrong)]))


def test_they_are_saved_renamed_removed_and_shown(pooled_name: str, tmp_path: Path) -> None:
    model = SPPNet(
        ("red", "blue"),
        backbone=pooled_name,
        weights="random",
        pooling=Pooling(scales=(96,), views=(View((1, 2)),)),
        training=Training(held_out=0),
    )
    model.fit([square_image(number) for number in range(4)], workers=0, keep_examples=2).save(tmp_path / "model")

    loaded = SPPNet.load(tmp_path / "model")

    image, target = square_image(0)
    [first, *others] = Explainer(loaded).look(image).explain(box=target["boxes"][0]).neighbours
    assert len(others) == 2 and all(each.distance >= first.distance for each in others)
    changed = loaded.rename_class("red", "crimson").remove_class("blue")
    assert changed.examples_ is not None and set(changed.examples_.names) == {"crimson"}
    assert loaded.examples_ is not None and set(loaded.examples_.names) == {"red", "blue"}
    model.fit([square_image(number) for number in range(4)], workers=0).save(tmp_path / "model")
    assert SPPNet.load(tmp_path / "model").examples_ is None
