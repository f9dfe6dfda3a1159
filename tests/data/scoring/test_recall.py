"""The scores of proposals: hand-computed values, pycocotools' recall, and nothing at all."""

import contextlib
import io
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from sppnet.data import DataError, ObjectOverlaps, mean_average_best_overlap, object_overlaps, recall
from tests.data.scoring.test_metrics import A, Arrays, B, target

Images = list[tuple[npt.NDArray[np.float32], Arrays]]

# The first image's windows overlap A by 0.4, 0.5 and 1, and B not at all; the second image has none.
WINDOWS = [np.array([(0, 0, 10, 4), (0, 0, 10, 5), A], np.float32), np.zeros((0, 4), np.float32)]
TARGETS = [target([A, B, B], [False, False, True]), target([A], labels=[1])]


def measured(*numbers: int | None) -> ObjectOverlaps:
    return object_overlaps(zip(WINDOWS, TARGETS, strict=True), numbers)


def test_every_ordinary_object_has_its_best_overlap_for_every_number_of_windows() -> None:
    found = measured(1, 2, None)

    np.testing.assert_allclose(found.overlaps, np.array([[0.4, 0.5, 1], [0, 0, 0], [0, 0, 0]]))
    assert found.labels.tolist() == [0, 0, 1]
    assert found.areas.tolist() == [100, 100, 100]


def test_more_windows_than_there_are_count_as_all() -> None:
    assert measured(3, 1000).overlaps[0].tolist() == [1, 1]


def test_the_numbers_need_no_order() -> None:
    np.testing.assert_array_equal(measured(None, 1).overlaps, measured(1, None).overlaps[:, ::-1])


def test_recall_is_the_share_of_objects_overlapped_enough() -> None:
    np.testing.assert_allclose(measured(1, 2, None).recall(0.5), [0, 1 / 3, 1 / 3])
    np.testing.assert_allclose(measured(1, 2, None).recall(0.6), [0, 0, 1 / 3])


def test_average_recall_is_that_of_ten_overlaps() -> None:
    # Of 0.5, 0.55, ..., 0.95, an overlap of 0.5 reaches the first, one of 1 all ten; one of three objects has them.
    np.testing.assert_allclose(measured(1, 2, None).average_recall(), [0, 0.1 / 3, 1 / 3])


def test_best_overlaps_are_averaged_over_a_class_before_the_classes() -> None:
    np.testing.assert_allclose(measured(1, None).mean_average_best_overlap(), [(0.4 / 2 + 0) / 2, (1 / 2 + 0) / 2])


def test_a_class_can_be_scored_alone() -> None:
    assert measured(None).of_class(0).recall(0.5) == 0.5
    assert measured(None).of_class(1).recall(0.5) == 0


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(32, 31, "small"), (32, 32, "medium"), (96, 95, "medium"), (96, 96, "large"), (960, 10, "large")],
)
def test_objects_are_small_medium_or_large_by_area(width: int, height: int, size: str) -> None:
    found = object_overlaps([(WINDOWS[1], target([(0, 0, width, height)]))], [None])

    counts = {name: len(found.of_size(name).labels) for name in ("small", "medium", "large")}

    assert counts == {"small": 0, "medium": 0, "large": 0} | {size: 1}


def test_no_objects_have_no_scores() -> None:
    found = object_overlaps([(WINDOWS[0], target([A], [True]))], [1, None])

    assert found.overlaps.shape == (0, 2)
    assert np.isnan([found.recall(0.5), found.average_recall(), found.mean_average_best_overlap()]).all()


def test_no_images_have_no_scores() -> None:
    assert np.isnan(object_overlaps([], [None]).recall(0.5)).all()


def test_the_images_are_taken_one_at_a_time() -> None:
    taken = []

    def images() -> Any:
        for number in range(3):
            taken.append(number)
            yield WINDOWS[0], target([A])
        raise RuntimeError("no fourth image")

    with pytest.raises(RuntimeError, match="no fourth image"):
        object_overlaps(images(), [None])
    assert taken == [0, 1, 2]


@pytest.mark.parametrize("number", [0, -1])
def test_a_number_of_windows_must_be_positive(number: int) -> None:
    with pytest.raises(DataError, match=f"1 or more, or None for all, got {number}"):
        measured(5, number)


@pytest.mark.parametrize("windows", [np.zeros(4), np.zeros((2, 5)), np.array([[0, 0, np.nan, 1]])])
def test_windows_must_be_boxes_of_finite_numbers(windows: npt.NDArray[Any]) -> None:
    with pytest.raises(DataError, match=r"image 1: windows must be finite numbers \(N, 4\)"):
        object_overlaps([(WINDOWS[0], target([A])), (windows, target([A]))], [None])


def separate_objects(seed: int) -> Images:
    """Return images whose objects are far apart, so that no window is the best of two, with windows around them."""
    random = np.random.default_rng(seed)
    images: Images = []
    for count in random.integers(0, 5, 6):
        corners = np.stack([200.0 * np.arange(count), random.integers(0, 50, count)], axis=1)
        boxes = np.hstack([corners, corners + random.integers(8, 150, (count, 2))]).astype(np.float32)
        windows = np.repeat(boxes, 20, axis=0) + random.normal(0, 8, (20 * count, 4))
        windows[:, 2:] = np.maximum(windows[:, 2:], windows[:, :2] + 1)
        random.shuffle(windows)
        images.append((windows.astype(np.float32), target([tuple(box) for box in boxes.tolist()])))
    return images


def coco_recalls(images: Images, numbers: list[int]) -> npt.NDArray[np.float64]:
    """Return COCO's recall by overlap, by size (all, small, medium, large) and by number of windows."""

    def entries(boxes: npt.NDArray[np.float32], image: int) -> list[dict[str, Any]]:
        sizes = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]]).astype(np.float64)
        return [
            {"image_id": image, "category_id": 1, "bbox": box.tolist(), "area": box[2] * box[3], "iscrowd": 0}
            for box in sizes
        ]

    truth, results = COCO(), COCO()
    objects = [entry for image, (_, t) in enumerate(images) for entry in entries(t["boxes"], image)]
    windows = [
        entry | {"score": -float(rank)}
        for image, (w, _) in enumerate(images)
        for rank, entry in enumerate(entries(w, image))
    ]
    header = {"images": [{"id": image} for image in range(len(images))], "categories": [{"id": 1}]}
    for index, annotations in ((truth, objects), (results, windows)):
        index.dataset = {**header, "annotations": [a | {"id": n} for n, a in enumerate(annotations, 1)]}
        index.createIndex()
    evaluation = COCOeval(truth, results, "bbox")
    evaluation.params.useCats = 0
    evaluation.params.maxDets = numbers
    evaluation.evaluate()
    evaluation.accumulate()
    return np.asarray(evaluation.eval["recall"][:, 0])


def test_recall_is_that_of_pycocotools_where_no_window_is_the_best_of_two_objects() -> None:
    images = separate_objects(0) + separate_objects(1)
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = coco_recalls(images, [1, 5, 30])

    found = object_overlaps(images, [1, 5, 30])

    groups = [found, *(found.of_size(size) for size in ("small", "medium", "large"))]
    ours = np.stack([[group.recall(iou) for group in groups] for iou in np.linspace(0.5, 0.95, 10)])
    np.testing.assert_allclose(ours, np.where(theirs < 0, np.nan, theirs))
    np.testing.assert_allclose(found.average_recall(), theirs[:, 0].mean(axis=0))


def test_recall_never_falls_with_more_windows() -> None:
    recalls = object_overlaps(separate_objects(0), [1, 2, 5, 10, None]).recall(0.7)

    assert all(first <= second for first, second in pairwise(recalls))
    assert recalls[0] < recalls[-1]


def test_recall_counts_ordinary_objects_some_window_covers() -> None:
    assert recall(WINDOWS, TARGETS) == pytest.approx(1 / 3)
    assert recall(WINDOWS, TARGETS, limit=1) == 0
    assert recall(WINDOWS, TARGETS, limit=2) == pytest.approx(1 / 3)
    assert recall(WINDOWS, TARGETS, limit=2, iou=0.6) == 0


def test_recall_needs_no_labels() -> None:
    bare = [{name: target[name] for name in ("boxes", "difficult")} for target in TARGETS]

    assert recall(WINDOWS, bare) == pytest.approx(1 / 3)


def test_the_limit_of_windows_is_named() -> None:
    with pytest.raises(TypeError):
        mean_average_best_overlap(WINDOWS, TARGETS, 5, 1)  # type: ignore[call-arg]


def test_best_overlaps_are_averaged_per_class_then_over_classes() -> None:
    assert mean_average_best_overlap(WINDOWS, TARGETS, 5) == pytest.approx((1 / 2 + 0) / 2)
    assert mean_average_best_overlap(WINDOWS, TARGETS, 5, limit=1) == pytest.approx((0.4 / 2 + 0) / 2)


def test_without_ordinary_objects_there_is_no_recall() -> None:
    assert np.isnan(recall(WINDOWS[:1], [target([A], [True])]))
    assert np.isnan(mean_average_best_overlap([], [], 3))


def test_windows_and_targets_must_be_as_many() -> None:
    with pytest.raises(DataError, match="got 1 and 2"):
        recall(WINDOWS[:1], TARGETS)
