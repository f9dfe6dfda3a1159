"""How a model does on images that it has not learned from, how sure that is, and the confidence that suits it."""

from typing import Any

import numpy as np

from sppnet import detector
from sppnet.data import METRICS, DataSet, Subset, best_confidence, judged_detections, precision_intervals

from ..command.inputs.items import Items
from ..command.running.predicting import detect_all

# Images at most, by method: a minute on two cores, and an interval of a few points; R-CNN takes seconds an image.
SCORED = {"sppnet": 500, "rcnn": 20}
ROUGH = 10  # with fewer images a score says little
LISTED = 20  # classes at most that are said one by one


def drawn(val: DataSet, method: str, *, seed: int) -> DataSet:
    """Return the images to score a method on: all, or so many drawn at random."""
    numbers = np.sort(np.random.default_rng(seed).permutation(len(val))[: SCORED[method]])
    return Subset(val, numbers.tolist()) if len(numbers) < len(val) else val


def score(network: "detector.SPPNet", items: Items, data: DataSet, workers: int, *, seed: int) -> dict[str, Any]:
    """Return the score of a model, VOC07's, and let the confidence that is best on these images be the model's own.

    Args:
        network: A fitted model.
        items: The images, of this data set.
        data: The truth.
        workers: How many images are worked on at once.
        seed: Of the draws that give the intervals.

    Returns:
        {"images", "mAP", "interval": its lower and upper end, "AP": {class: {"AP", "interval"}}, "confidence", "F1",
        "precision", "recall"}; None for what no image has an object of.

    Raises:
        CommandError: If none of the images can be read.
    """
    found, _ = detect_all(network, items, workers)
    detections, targets = list(found.values()), [data.target(number) for number in found]
    judged = judged_detections(detections, targets, len(data.classes))
    values = METRICS["voc07"](detections, targets, data.classes)
    of_classes, of_mean = precision_intervals(judged, seed=seed)
    confidence, figures = best_confidence(judged)
    if confidence:
        network.confidence = confidence
    return {
        "images": len(found),
        "mAP": values["mAP"],
        "interval": _known(of_mean),
        "AP": {
            name: {"AP": values["AP"][name], "interval": _known(ends)}
            for name, ends in zip(data.classes, of_classes, strict=True)
        },
        "confidence": network.confidence,
        **figures,
    }


def described(score: dict[str, Any]) -> list[str]:
    """Return a score in lines for a person; "on" in it says what the images are, such as "the split val"."""
    images = f"{score['images']:,} images of {score['on']}, which it has not learned from"
    if score["mAP"] is None:
        return [f"no score: {images}, show no object"]
    lines = [f"mAP {_percent(score)} on {images} (11-point, IoU 0.5; in brackets what holds it in 95 of 100 cases)"]
    known = {name: each for name, each in score["AP"].items() if each["AP"] is not None}
    if 1 < len(known) <= LISTED:
        lines.append("  " + ", ".join(f"{name} {_percent(each)}" for name, each in known.items()))
    if score["images"] < ROUGH:
        lines.append(f"  {score['images']} images are few: take the score as a rough one")
    if not score["F1"]:
        return [*lines, f"nothing was found there; the confidence stays {score['confidence']:g}"]
    quality = f"{100 * score['precision']:.0f} % of what it shows is right, and it finds {100 * score['recall']:.0f} %"
    return [*lines, f"confidence {score['confidence']:g} is best there, and the model's own from now on: {quality}"]


def _percent(score: dict[str, Any]) -> str:
    """Return an average precision with its interval; draws of images that are all found, or all missed, tell none."""
    value, (low, high) = score["mAP"] if "mAP" in score else score["AP"], score["interval"] or (0, 0)
    return f"{100 * value:.1f}" + (f" [{100 * low:.0f} to {100 * high:.0f}]" if low < high else "")


def _known(ends: "np.ndarray[Any, Any]") -> list[float] | None:
    return None if np.isnan(ends).any() else ends.tolist()
