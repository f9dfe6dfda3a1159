"""What strangers have: some classes of a data set, drawn shapes, and what the other detector learns from."""

from pathlib import Path

import numpy as np
import pytest

from sppnet.data import VOC, DataSet
from sppnet.tools.benchmarks.strangers import OfClasses, _sample, furnish
from sppnet.tools.command.shapes import write_shapes


@pytest.fixture
def shapes(tmp_path: Path) -> VOC:
    write_shapes(tmp_path / "shapes", train=12, val=1, seed=1)
    return VOC(tmp_path / "shapes", "train")


def names_in(data: DataSet) -> list[list[str]]:
    return [[data.classes[label] for label in target["labels"].tolist()] for _, target in data]


def test_only_images_of_the_classes_are_there_and_only_their_objects(shapes: VOC) -> None:
    some = OfClasses(shapes, ("triangle", "disc"), 4)

    wanted = [[name for name in names if name in ("triangle", "disc")] for names in names_in(shapes)]
    assert some.classes == ("triangle", "disc")
    assert names_in(some) == [names for names in wanted if names][:4]


def test_what_a_stranger_has_is_a_folder_without_splits_and_others_are_apart(tmp_path: Path) -> None:
    mine, others = furnish(tmp_path, "shapes", None, 5, seed=0)

    assert (len(mine), len(others), mine.split) == (80, 5, None)
    assert not np.array_equal(mine.image(0), others.image(0))


def test_classes_of_voc_are_written_with_their_images(
    tmp_path: Path, shapes: VOC, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sppnet.tools.benchmarks.strangers.VOC_CASES", {"few": (("ring",), 3)})
    (shapes.root / "ImageSets" / "Main" / "val.txt").write_text("".join(f"{id_}\n" for id_ in shapes.ids))

    mine, others = furnish(tmp_path, "few", shapes.root, 2, seed=0)

    assert (len(mine), len(others)) == (3, 2)
    assert {name for names in names_in(mine) for name in names} == {"ring"}


def test_a_mirrored_sample_shows_the_same_objects(shapes: VOC) -> None:
    (image, target), (mirrored, other) = _sample(shapes, 0, False), _sample(shapes, 0, True)

    assert image.flip(2).equal(mirrored) and target["labels"].equal(other["labels"])
    assert target["labels"].tolist() == (shapes.target(0)["labels"] + 1).tolist()
    x1, _, x2, _ = target["boxes"].T
    left, _, right, _ = other["boxes"].T
    assert left.equal(image.shape[2] - x2) and right.equal(image.shape[2] - x1)
