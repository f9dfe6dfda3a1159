"""The numbers of a page in the order in which it shows them: what the template is filled with."""

import math
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sppnet.data import TIDE_KINDS, Analysis

METRIC_NAMES = {"voc07": "VOC07, 11-point, IoU 0.5", "voc12": "VOC10+, area, IoU 0.5", "coco": "COCO, IoU 0.5 to 0.95"}
MOST_CURVES, MOST_NAMES = 40, 40  # of classes that are drawn, and that a confusion matrix has room for
SLOWEST = 10
COVERED = 0.5  # an object is covered by a window that overlaps it so
KIND_TEXTS = {
    "class": "on an object of another class, by 0.5 or more",
    "localisation": "on an object of its class, by 0.1 to 0.5",
    "both": "on an object of another class, by 0.1 to 0.5",
    "duplicate": "on an object that has a better detection",
    "background": "on nothing",
    "missed": "objects that no detection is right on, or nearly",
}


def metrics(analysis: Analysis) -> list[dict[str, Any]]:
    """Return the mean by every metric with its interval."""
    sure = analysis.sureness
    rows = [
        {"name": METRIC_NAMES[name], "value": scores["mAP"], "interval": sure.intervals[name].tolist()}
        for name, scores in sure.scores.items()
    ]
    others = ((name, value) for name, value in sure.scores["coco"].items() if name != "mAP")
    return [*rows, *({"name": f"COCO {name}", "value": value, "interval": None} for name, value in others)]


def classes(analysis: Analysis) -> list[dict[str, Any]]:
    """Return what is known of every class."""
    sure, objects, covered = analysis.sureness, analysis.pairs.objects, analysis.covered
    rows = []
    for label, name in enumerate(analysis.classes):
        mine = (objects.labels == label) & ~objects.values
        rows.append(
            {
                "name": name,
                "objects": int(mine.sum()),
                "voc07": sure.scores["voc07"]["AP"][name],
                "interval": sure.of_classes["voc07"][label].tolist(),
                "voc12": sure.scores["voc12"]["AP"][name],
                "ceiling": None if covered is None or not mine.any() else float((covered[mine] >= COVERED).mean()),
                "threshold": analysis.thresholds[label],
            }
        )
    return rows


def drawn_classes(analysis: Analysis) -> list[int]:
    """Return the labels of classes with objects, of many those with the most, in their order."""
    counts = np.array([each.objects.sum() for each in analysis.judged])
    most = np.argsort(-counts, kind="stable")[:MOST_CURVES]
    return sorted(label for label in most.tolist() if counts[label])


def ceiling(analysis: Analysis, windows: float) -> dict[str, Any] | None:
    """Return what windows cover, and how many of the objects not found none covers; None where they are unknown.

    Args:
        analysis: Of the detections.
        windows: How many there are of an image, on average.
    """
    if analysis.covered is None:
        return None
    ordinary = ~analysis.pairs.objects.values
    best, unfound = analysis.covered[ordinary], analysis.tide.unfound[ordinary]
    overlaps = np.linspace(0.5, 0.95, 10)
    return {
        "windows": windows,
        "recall": _share(best >= COVERED),
        "average": float(np.mean([_share(best >= overlap) for overlap in overlaps])),
        "found": _share(~unfound),
        "unfound": int(unfound.sum()),
        "out_of_reach": int((unfound & (best < COVERED)).sum()),
    }


def errors(analysis: Analysis) -> list[dict[str, Any]]:
    """Return every kind of error by TIDE: what it is, how many there are, and what mending it gains."""
    return [
        {"name": name, "text": KIND_TEXTS[name], "count": analysis.tide.counts[name], "gain": analysis.tide.gains[name]}
        for name in TIDE_KINDS
    ]


def mistakes(analysis: Analysis) -> list[dict[str, Any]]:
    """Return the best detections of every class by what they are taken for, in shares."""
    return [
        {"name": analysis.classes[label], "shares": [_percent(count, row.sum()) for count in row.tolist()]}
        for label, row in enumerate(analysis.mistakes)
        if row.sum()
    ]


def confusion(analysis: Analysis) -> list[dict[str, Any]] | None:
    """Return the rows of the confusion matrix, each cell with its share of the row; None for too many classes."""
    if len(analysis.classes) > MOST_NAMES:
        return None
    names = [*analysis.classes, "background"]
    return [
        {"name": name, "cells": [(count, count / max(1, row.sum())) for count in row.tolist()]}
        for name, row in zip(names, analysis.confusion.matrix, strict=True)
    ]


def calibration(analysis: Analysis) -> list[dict[str, Any]]:
    """Return the bins of scores that hold detections."""
    found = analysis.calibration
    if found is None:
        return []
    columns = zip(found.counts.tolist(), found.scores.tolist(), found.precisions.tolist(), strict=True)
    return [
        {"name": f"{place / 10:.1f} to {(place + 1) / 10:.1f}", "count": count, "score": score, "right": right}
        for place, (count, score, right) in enumerate(columns)
        if count
    ]


def command(analysis: Analysis, models: Sequence[str]) -> str | None:
    """Return the command line that shows every class from its best score on; None without such scores.

    Names that the option cannot hold are left out: the score of all classes together holds for them.
    """
    found = zip(analysis.classes, analysis.thresholds, strict=True)
    scores = [f"{name}={each.score:g}" for name, each in found if each and not set(name) & set(",=") and name.strip()]
    if analysis.calibration is None or analysis.threshold is None or not scores:
        return None
    named = [word for model in models for word in ("-m", model)]
    conf = ",".join([*scores, f"{analysis.threshold.score:g}"])
    return shlex.join(["sppnet", "detect", "PHOTOS", *named, "--conf", conf])


def stages(milliseconds: Mapping[int, Mapping[str, float]]) -> list[dict[str, Any]]:
    """Return mean, median and 95th percentile of the milliseconds of every stage, and of all together; none of none."""
    if not milliseconds:
        return []
    columns: dict[str, list[float]] = {name: [] for spent in milliseconds.values() for name in spent}
    for spent in milliseconds.values():
        for name, values in columns.items():
            values.append(spent.get(name, 0.0))
    columns["together"] = [sum(spent.values()) for spent in milliseconds.values()]
    total = sum(columns["together"])
    return [
        {
            "name": name,
            "mean": float(np.mean(values)),
            "median": float(np.median(values)),
            "high": float(np.quantile(values, 0.95)),
            "share": sum(values) / total if total else math.nan,
        }
        for name, values in columns.items()
    ]


def slowest(milliseconds: Mapping[int, Mapping[str, float]], ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return the images that took longest, each with its stage that did."""
    order = sorted(milliseconds, key=lambda number: -sum(milliseconds[number].values()))
    return [
        {
            "name": ids[number],
            "milliseconds": sum(milliseconds[number].values()),
            "stage": max(milliseconds[number].items(), key=lambda pair: pair[1], default=("-", 0.0)),
        }
        for number in order[:SLOWEST]
    ]


def _share(flags: Any) -> float:
    return float(flags.mean()) if len(flags) else math.nan


def _percent(count: int, total: int) -> float:
    return count / total if total else math.nan
