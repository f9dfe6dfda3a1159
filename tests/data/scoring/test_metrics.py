"""The scores: hand-computed values, the known traps, a literal port of the VOC devkit, and pycocotools itself."""

import time
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from sklearn.metrics import average_precision_score

from sppnet.data import DataError, accuracy, average_precision, coco_average_precision, label_average_precision

Arrays = dict[str, npt.NDArray[Any]]
Box = tuple[float, float, float, float]


def found(boxes: list[Box], scores: list[float], labels: list[int] | None = None) -> Arrays:
    return {
        "boxes": np.array(boxes, np.float32).reshape(-1, 4),
        "labels": np.array(labels or [0] * len(boxes), np.int64),
        "scores": np.array(scores, np.float32),
    }


def target(boxes: list[Box], difficult: list[bool] | None = None, labels: list[int] | None = None) -> Arrays:
    return {
        "boxes": np.array(boxes, np.float32).reshape(-1, 4),
        "labels": np.array(labels or [0] * len(boxes), np.int64),
        "difficult": np.array(difficult or [False] * len(boxes), np.bool_),
    }


def row(count: int) -> list[Box]:
    """Return boxes of 10 x 10 pixels that do not touch."""
    return [(20 * i, 0, 20 * i + 10, 10) for i in range(count)]


INCLUSIVE = np.array([1.0, 1, 0, 0])  # makes VOC's xmin ymin xmax ymax of outer edges
A, B = (0, 0, 10, 10), (100, 100, 110, 110)


def devkit(detections: list[Arrays], targets: list[Arrays], label: int, rule: str, iou: float) -> float:
    """Return VOCevaldet and VOCap step by step, on 1-based inclusive corners, recalls compared as integers.

    The devkit adds precision / 11 eleven times, which takes a perfect class over 1: here it divides last.
    """
    objects = [t["boxes"][t["labels"] == label] + INCLUSIVE for t in targets]
    difficult = [t["difficult"][t["labels"] == label] for t in targets]
    taken = [np.zeros(len(boxes), bool) for boxes in objects]
    positives = sum(int((~flags).sum()) for flags in difficult)
    rows = [
        (score, image, box)
        for image, d in enumerate(detections)
        for box, score in zip(
            d["boxes"][d["labels"] == label] + INCLUSIVE,
            d["scores"][d["labels"] == label],
            strict=True,
        )
    ]
    if not positives:
        return np.nan
    rows.sort(key=lambda entry: -entry[0])
    tp, fp = np.zeros(len(rows), int), np.zeros(len(rows), int)
    for d, (_, image, bb) in enumerate(rows):
        best, best_overlap = -1, -np.inf
        for j, gt in enumerate(objects[image]):
            width = min(bb[2], gt[2]) - max(bb[0], gt[0]) + 1
            height = min(bb[3], gt[3]) - max(bb[1], gt[1]) + 1
            if width > 0 and height > 0:
                union = (
                    (bb[2] - bb[0] + 1) * (bb[3] - bb[1] + 1)
                    + (gt[2] - gt[0] + 1) * (gt[3] - gt[1] + 1)
                    - width * height
                )
                if width * height / union > best_overlap:
                    best, best_overlap = j, width * height / union
        if best_overlap < iou:
            fp[d] = 1
        elif not difficult[image][best]:
            tp[d], fp[d] = (0, 1) if taken[image][best] else (1, 0)
            taken[image][best] = True
    tp, fp = np.cumsum(tp), np.cumsum(fp)
    precision = tp / np.maximum(tp + fp, 1)
    if rule == "voc07":
        ap = 0.0
        for tenth in range(11):
            reached = precision[10 * tp >= tenth * positives]
            ap += max(reached) if len(reached) else 0
        return ap / 11
    recalls = np.concatenate([[0], tp / positives, [1]])
    precision = np.concatenate([[0], precision, [0]])
    for i in range(len(precision) - 2, -1, -1):
        precision[i] = max(precision[i], precision[i + 1])
    steps = np.flatnonzero(recalls[1:] != recalls[:-1]) + 1
    return float(np.sum((recalls[steps] - recalls[steps - 1]) * precision[steps]))


def random_set(seed: int) -> tuple[list[Arrays], list[Arrays]]:
    """Return a few images full of ties: small whole-number boxes, few different scores, repeats, empty images."""
    random = np.random.default_rng(seed)

    def boxes(count: int) -> npt.NDArray[np.float32]:
        corners = random.integers(0, 5, (count, 2))
        return np.hstack([corners, corners + random.integers(1, 6, (count, 2))]).astype(np.float32)

    targets: list[Arrays] = []
    detections: list[Arrays] = []
    for _ in range(random.integers(1, 6)):
        objects, others = int(random.integers(0, 5)), int(random.integers(0, 8))
        real = boxes(objects)
        labels = random.integers(0, 3, objects)
        targets.append({"boxes": real, "labels": labels, "difficult": random.random(objects) < 0.3})
        copied = random.integers(0, max(objects, 1), objects and int(random.integers(0, 6)))
        guesses = np.vstack([real[copied], boxes(others)])
        guess_labels = np.concatenate([labels[copied], random.integers(0, 3, others)])
        order = random.permutation(len(guesses))
        scores = random.integers(0, 4, len(guesses)) / 4
        detections.append({"boxes": guesses[order], "labels": guess_labels[order], "scores": scores})
    return detections, targets


@pytest.mark.parametrize(("rule", "iou"), [("voc07", 0.5), ("voc12", 0.7)])
def test_it_equals_the_devkit_on_hundreds_of_random_sets(rule: Any, iou: float) -> None:
    sets = [random_set(seed) for seed in range(400)]

    ours = [average_precision(*pair, 3, rule=rule, iou=iou) for pair in sets]

    theirs = [[devkit(*pair, label, rule, iou) for label in range(3)] for pair in sets]
    np.testing.assert_array_equal(ours, theirs)
    assert 100 < np.isnan(theirs).sum() < 800


def test_two_of_three_objects_and_one_false_alarm() -> None:
    detections = [found([row(3)[0], B, row(3)[1]], [0.9, 0.8, 0.7])]
    targets = [target(row(3))]

    # precision 1 up to recall 1/3 (4 of the 11 points), 2/3 up to recall 2/3 (3 more points)
    np.testing.assert_allclose(average_precision(detections, targets, 1), [(4 + 3 * 2 / 3) / 11])
    np.testing.assert_allclose(average_precision(detections, targets, 1, rule="voc12"), [1 / 3 + 2 / 9])


def test_a_recall_of_exact_tenths_reaches_its_point() -> None:
    reached = [average_precision([found(row(10)[:hits], [0.5] * hits)], [target(row(10))], 1)[0] for hits in range(11)]

    np.testing.assert_allclose(reached, [0, *np.arange(2, 12) / 11])


def test_the_result_is_one_float64_per_class() -> None:
    precision = average_precision([found([A], [1])], [target([A])], 3)

    assert precision.dtype == np.float64
    np.testing.assert_array_equal(precision, [1, np.nan, np.nan])


def test_no_images_score_no_class() -> None:
    np.testing.assert_array_equal(average_precision([], [], 2), [np.nan, np.nan])


def test_objects_without_detections_score_zero() -> None:
    assert average_precision([found([], [])], [target([A])], 1).tolist() == [0]


def test_a_class_of_difficult_objects_only_has_no_score() -> None:
    assert np.isnan(average_precision([found([A], [1])], [target([A], [True])], 1)).all()


def test_an_overlap_of_exactly_half_is_a_hit() -> None:
    assert average_precision([found([(0, 0, 10, 5)], [1])], [target([A])], 1).tolist() == [1]


def test_widths_are_those_of_inclusive_pixels() -> None:
    # VOC's 1..10 x 1..10 and 5..10 x 1..10: 60 of 100 pixels; without the devkit's + 1 it would be 45 of 81
    detections = [found([(4, 0, 10, 10)], [1])]

    assert average_precision(detections, [target([A])], 1, iou=0.6).tolist() == [1]


def test_the_second_detection_of_an_object_is_a_false_alarm() -> None:
    detections = [found([A, A, B], [0.9, 0.8, 0.7])]

    np.testing.assert_allclose(average_precision(detections, [target([A, B])], 1), [(6 + 5 * 2 / 3) / 11])


def test_a_taken_object_is_not_traded_for_the_second_best() -> None:
    near = (0, 0, 10, 12)  # overlaps (0, 0, 10, 10) and, less, (0, 2, 10, 14)
    detections = [found([A, near], [0.9, 0.8])]

    np.testing.assert_allclose(average_precision(detections, [target([A, (0, 2, 10, 14)])], 1), [6 / 11])


@pytest.mark.parametrize("rule", ["voc07", "voc12"])
def test_a_detection_of_a_difficult_object_does_not_count(rule: Any) -> None:
    detections = [found([A, A, B], [0.9, 0.8, 0.7])]

    assert average_precision(detections, [target([A, B], [True, False])], 1, rule=rule).tolist() == [1]


def test_the_best_overlap_decides_even_if_it_is_a_difficult_object() -> None:
    targets = [target([A, (0, 0, 10, 8)], [True, False])]

    assert average_precision([found([A], [1])], targets, 1).tolist() == [0]


@pytest.mark.parametrize(("first", "second", "expected"), [(A, B, 1.0), (B, A, 0.5)])
def test_equal_scores_keep_their_order(first: Box, second: Box, expected: float) -> None:
    np.testing.assert_allclose(average_precision([found([first, second], [0.5, 0.5])], [target([A])], 1), [expected])


def test_equal_scores_keep_the_order_of_images() -> None:
    detections = [found([B] * 40, [0.5] * 40), found([A], [0.5])]

    np.testing.assert_allclose(average_precision(detections, [target([]), target([A])], 1), [1 / 41])


def test_objects_of_other_images_and_classes_are_not_hit() -> None:
    detections = [found([A, B], [0.9, 0.8], [0, 1]), found([A], [0.7], [1])]
    targets = [target([B, A], labels=[0, 1]), target([A], labels=[0])]

    assert average_precision(detections, targets, 2).tolist() == [0, 0]


@pytest.mark.parametrize("box", [(5, 5, 5, 9), (5, 5, 5, 5), (10, 10, 0, 0)])
def test_an_empty_or_reversed_detection_is_a_false_alarm(box: Box) -> None:
    detections = [found([box, A], [0.9, 0.8])]

    np.testing.assert_allclose(average_precision(detections, [target([A])], 1), [0.5])


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (found([A, A], [0.5, np.nan]), "image 1, box 1: scores must not be NaN"),
        (found([A, (0, 0, np.inf, 1)], [1, 1]), "image 1, box 1: boxes must be finite"),
        (found([A], [1], [2]), "image 1, box 0: labels must be 0 to 1"),
        (found([A], [1], [-1]), "image 1, box 0: labels must be 0 to 1"),
        (found([A], [1, 1]), r"image 1: .* must agree, got \(1, 4\), \(1,\) and \(2,\)"),
    ],
)
def test_broken_detections_are_named(broken: Arrays, rule: str) -> None:
    with pytest.raises(DataError, match=rule):
        average_precision([found([A], [1]), broken], [target([A]), target([A])], 2)


def test_broken_detections_are_named_for_coco() -> None:
    with pytest.raises(DataError, match="image 0, box 0: labels must be 0 to 1"):
        coco_average_precision([found([A], [1], [2])], [target([A])], 2)


def test_detections_and_targets_must_be_as_many() -> None:
    with pytest.raises(DataError, match="got 1 and 2"):
        average_precision([found([A], [1])], [target([A]), target([A])], 1)


def test_an_unknown_rule_is_refused() -> None:
    with pytest.raises(DataError, match="rule must be 'voc07' or 'voc12', got 'voc10'"):
        average_precision([], [], 1, rule="voc10")  # type: ignore[arg-type]


def test_half_a_million_detections_take_seconds() -> None:
    random = np.random.default_rng(0)

    def boxes(count: int) -> npt.NDArray[np.float32]:
        corners = random.random((count, 2), np.float32) * 400
        return np.hstack([corners, corners + 20 + random.random((count, 2), np.float32) * 200])

    detections: list[Arrays] = [
        {"boxes": boxes(101), "labels": random.integers(0, 20, 101), "scores": random.random(101)} for _ in range(4952)
    ]
    targets: list[Arrays] = [
        {"boxes": boxes(3), "labels": random.integers(0, 20, 3), "difficult": random.random(3) < 0.2}
        for _ in range(4952)
    ]

    start = time.perf_counter()
    average_precision(detections, targets, 20)

    assert time.perf_counter() - start < 15  # 1.4 s on a quiet core


def pycocotools_stats(detections: list[Arrays], targets: list[Arrays], classes: int) -> list[float]:
    def size(box: npt.NDArray[Any]) -> list[float]:
        x1, y1, x2, y2 = (float(edge) for edge in box)
        return [x1, y1, x2 - x1, y2 - y1]

    truth = COCO()
    annotations: list[dict[str, Any]] = [
        {"image_id": i, "category_id": int(label) + 1, "bbox": size(box), "iscrowd": int(difficult)}
        for i, t in enumerate(targets)
        for box, label, difficult in zip(t["boxes"], t["labels"], t["difficult"], strict=True)
    ]
    truth.dataset = {
        "info": {},
        "images": [{"id": i} for i in range(len(targets))],
        "categories": [{"id": label + 1} for label in range(classes)],
        "annotations": [
            a | {"id": number, "area": a["bbox"][2] * a["bbox"][3]} for number, a in enumerate(annotations, 1)
        ],
    }
    truth.createIndex()
    results = truth.loadRes(
        [
            {"image_id": i, "category_id": int(label) + 1, "bbox": size(box), "score": float(score)}
            for i, d in enumerate(detections)
            for box, label, score in zip(d["boxes"], d["labels"], d["scores"], strict=True)
        ]
    )
    evaluation = COCOeval(truth, results, "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return [float(value) for value in evaluation.stats]


@pytest.mark.parametrize(("seed", "scale"), [(0, 1), (1, 40), (2, 40)])
def test_coco_scores_are_those_of_pycocotools(seed: int, scale: int, capsys: pytest.CaptureFixture[str]) -> None:
    detections, targets = random_set(seed)
    detections = [d | {"boxes": d["boxes"] * scale} for d in detections]
    targets = [t | {"boxes": t["boxes"] * scale} for t in targets]
    expected = np.array(pycocotools_stats(detections, targets, 3))
    capsys.readouterr()

    scores = coco_average_precision(detections, targets, 3)

    assert list(scores) == ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
    np.testing.assert_array_equal(list(scores.values()), np.where(expected < 0, np.nan, expected))
    assert capsys.readouterr().out == ""


def test_coco_scores_of_perfect_detections() -> None:
    scores = coco_average_precision([found([A, B], [1, 1])], [target([A, B])], 1)

    np.testing.assert_allclose([scores["AP"], scores["AP50"], scores["APs"], scores["AR100"]], 1)
    assert np.isnan(scores["APl"])


def test_coco_scores_without_detections_are_zero() -> None:
    scores = coco_average_precision([found([], [])], [target([A])], 1)

    assert scores["AP"] == scores["AR100"] == 0


def test_coco_scores_without_objects_are_nan() -> None:
    assert np.isnan(coco_average_precision([found([A], [1])], [target([])], 1)["AP"])


def test_difficult_objects_do_not_count_for_coco() -> None:
    scores = coco_average_precision([found([A, B], [0.9, 0.8])], [target([A, B], [True, False])], 1)

    np.testing.assert_allclose(scores["AP"], 1)


WHOLE = np.array([[0, 0, 1, 1.0]])


@pytest.mark.parametrize("rule", ["voc07", "voc12"])
def test_labels_score_as_detections_of_the_whole_image(rule: Any) -> None:
    random = np.random.default_rng(5)
    scores, labels = random.integers(0, 6, (40, 3)) / 5, random.integers(-1, 2, (40, 3)).astype(np.int8)
    detections = [{"boxes": WHOLE.repeat(3, axis=0), "labels": np.arange(3), "scores": row} for row in scores]
    targets = [
        {"boxes": WHOLE.repeat(len(seen), axis=0), "labels": seen, "difficult": row[seen] == 0}
        for row in labels
        for seen in [np.flatnonzero(row >= 0)]
    ]

    np.testing.assert_array_equal(
        label_average_precision(scores, labels, rule=rule), average_precision(detections, targets, 3, rule=rule)
    )


def test_labels_left_out_change_no_score() -> None:
    scores, labels = np.array([[0.9], [0.8], [0.7]]), np.array([[0], [1], [-1]], np.int8)

    np.testing.assert_array_equal(label_average_precision(scores, labels), [1])


def test_a_label_of_no_image_has_no_score() -> None:
    assert np.isnan(label_average_precision(np.zeros((2, 1)), np.array([[-1], [0]], np.int8))).all()
    assert label_average_precision(np.zeros((0, 2)), np.zeros((0, 2), np.int8)).shape == (2,)


@pytest.mark.parametrize(
    ("scores", "labels"), [([[0.5]], [[2]]), ([[np.nan]], [[1]]), ([[0.5, 0.5]], [[1]]), ([0.5], [1])]
)
def test_scores_and_labels_that_do_not_fit_are_refused(scores: Any, labels: Any) -> None:
    with pytest.raises(DataError, match="scores must be numbers and labels -1, 0 or 1, both of shape"):
        label_average_precision(np.array(scores), np.array(labels, np.int8))


def test_accuracy_is_the_share_of_images_whose_best_score_is_right() -> None:
    scores = np.array([[0.5, 0.2], [0.1, 0.2], [3, -1]])
    labels = np.array([[1, -1], [1, -1], [1, 1]], np.int8)

    assert accuracy(scores, labels) == pytest.approx(2 / 3)


def test_of_equal_scores_the_first_counts_for_accuracy() -> None:
    assert accuracy(np.zeros((1, 2)), np.array([[-1, 1]], np.int8)) == 0


def test_the_accuracy_of_no_images_is_not_known() -> None:
    assert np.isnan(accuracy(np.zeros((0, 2)), np.zeros((0, 2), np.int8)))


def test_the_area_of_a_falling_curve_is_scikit_learn_s_average_precision() -> None:
    scores, labels = np.arange(8, 0, -1)[:, None] / 8, np.array([[1, 1, -1, 1, -1, -1, 1, -1]], np.int8).T

    [area] = label_average_precision(scores, labels, rule="voc12")

    assert area == pytest.approx(average_precision_score(labels[:, 0] > 0, scores[:, 0]))
