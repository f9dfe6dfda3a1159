"""COCO's scores of detections, as pycocotools computes them, and which detections are right at each of its overlaps."""

import contextlib
import io
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .metrics import Boxes, Images, Judged, flatten

COCO_NAMES = ("AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl")


class COCOScores(NamedTuple):
    """What pycocotools makes of detections.

    Attributes:
        figures: COCO's twelve by name, NaN where there is nothing to score.
        judged: For each of the overlaps 0.5, 0.55, ..., 0.95 the detections of every class, as `judged_detections`
            returns them; AP is the mean over both.
    """

    figures: dict[str, float]
    judged: list[list[Judged]]


def coco_average_precision(detections: Images, targets: Images, classes: int) -> dict[str, float]:
    """Return COCO's twelve figures as pycocotools computes them, NaN where there is nothing to score.

    Difficult objects are entered as crowds: finding one, or a part of one, is neither hit nor false alarm. Areas are
    those of the boxes. Arguments and errors are those of `average_precision`.
    """
    return coco_evaluation(detections, targets, classes).figures


def coco_evaluation(detections: Images, targets: Images, classes: int) -> COCOScores:
    """Return COCO's figures, and what they come from; rules, arguments and errors are as above."""
    from pycocotools.cocoeval import COCOeval  # here: only this function needs it

    found, objects = flatten(detections, targets, classes)
    crowds = objects.values.astype(np.int64)
    with contextlib.redirect_stdout(io.StringIO()):
        truth = _coco(len(targets), classes, objects, {"iscrowd": crowds})
        evaluation = COCOeval(truth, _coco(len(targets), classes, found, {"score": found.values}), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    # pycocotools writes -1 where there is nothing to score
    figures = {name: float(s) if s >= 0 else np.nan for name, s in zip(COCO_NAMES, evaluation.stats, strict=True)}
    return COCOScores(figures, _judged(evaluation, classes, len(targets)))


def _judged(evaluation: Any, classes: int, images: int) -> list[list[Judged]]:
    """Return which detections are right, of objects of any size, for each overlap and class."""
    areas, overlaps = len(evaluation.params.areaRng), len(evaluation.params.iouThrs)
    judged: list[list[Judged]] = [[] for _ in range(overlaps)]
    for label in range(classes):
        # by class, then by range of areas, of which the first holds all, then by image
        start = label * areas * images
        objects = np.zeros(images, np.int64)
        columns = [(np.zeros(0, np.int64), np.zeros(0), *[np.zeros((overlaps, 0), np.bool_)] * 2)]
        for number, of_image in enumerate(evaluation.evalImgs[start : start + images]):
            if of_image is not None:
                scores = np.array(of_image["dtScores"], np.float64)
                matched = np.reshape(of_image["dtMatches"], (overlaps, -1)) > 0
                ignored = np.reshape(of_image["dtIgnore"], (overlaps, -1)) > 0
                columns.append((np.full(len(scores), number), scores, matched, ignored))
                objects[number] = np.count_nonzero(np.asarray(of_image["gtIgnore"]) == 0)
        numbers, scores, matched, ignored = (np.concatenate(parts, axis=-1) for parts in zip(*columns, strict=True))
        best = np.argsort(-scores, kind="mergesort")
        for place in range(overlaps):
            rows = best[~ignored[place, best]]
            judged[place].append(Judged(numbers[rows], scores[rows], matched[place, rows], objects))
    return judged


def _coco(images: int, classes: int, table: Boxes, extra: dict[str, npt.NDArray[Any]]) -> Any:
    """Return a table of boxes as pycocotools' index; its ids count from 1, because 0 means "no match" there."""
    from pycocotools.coco import COCO

    sizes = table.boxes[:, 2:] - table.boxes[:, :2]
    columns: dict[str, list[Any]] = {
        "id": list(range(1, len(sizes) + 1)),
        "image_id": (table.images + 1).tolist(),
        "category_id": (table.labels + 1).tolist(),
        "bbox": np.hstack([table.boxes[:, :2], sizes]).tolist(),
        "area": sizes.prod(axis=1).tolist(),
        "iscrowd": [0] * len(sizes),
    }
    columns |= {name: values.tolist() for name, values in extra.items()}
    index = COCO()
    index.dataset = {
        "images": [{"id": number} for number in range(1, images + 1)],
        "categories": [{"id": number} for number in range(1, classes + 1)],
        "annotations": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
    }
    index.createIndex()
    return index
