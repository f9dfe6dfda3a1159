"""Detect objects with an exported SPP-net: numpy and onnxruntime are all this file needs.

    python run.py FOLDER IMAGE.npy WINDOWS.npy

FOLDER holds conv.onnx, head.npz and settings.json. IMAGE is uint8 (H, W, 3) RGB; WINDOWS is float (N, 4), x1 y1 x2 y2
in pixels, right and bottom edge outside, from selective search, say. Written to be read, not to be fast.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

FLOOR = {"svm": -1.1, "softmax": -4.0}  # margins below are background beyond doubt
PER_CLASS = 100  # detections of one class
LARGEST = np.log(32768)  # change of a side


def detect(folder: str | Path, image: Any, windows: Any, *, confidence: float = 0.5, iou: float = 0.3) -> list[Any]:
    """Return the objects among an image's windows, best first: (name of the class, score, [x1, y1, x2, y2])."""
    settings = json.loads((Path(folder) / "settings.json").read_text())
    head = np.load(Path(folder) / "head.npz")
    windows = np.asarray(windows, np.float32).reshape(-1, 4)
    vectors = pooled(Path(folder) / "conv.onnx", settings, image, windows)
    margins = vectors @ head["weights"].T + head["biases"]
    if settings["scores"] == "softmax":
        shared = margins.shape[1] - settings["further"]
        odds = log_odds(margins[:, :shared].astype(np.float64))[:, settings["background"] :]
        margins = np.hstack([odds, margins[:, shared:]])
    calibration, found = settings["calibration"], []
    for label, name in enumerate(settings["classes"]):
        likely = np.flatnonzero(margins[:, label] > FLOOR[settings["scores"]])
        rows = likely[suppressed(windows[likely], margins[likely, label], iou)][:PER_CLASS]
        offsets = vectors[rows] @ head["offset_weights"][label].T + head["offset_biases"][label]
        boxes, best = moved(windows[rows], offsets, image.shape), margins[rows, label]
        scores = 1 / (1 + np.exp(-(calibration["slope"] * best + calibration["offset"])))
        wanted = np.flatnonzero((scores >= confidence) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1))
        kept = wanted[suppressed(boxes[wanted], best[wanted], iou)]
        found += [(best[row], (name, float(scores[row]), boxes[row].tolist())) for row in kept]
    return [detection for _, detection in sorted(found, key=lambda pair: -pair[0])]


def pooled(model: Path, settings: Any, image: Any, windows: Any) -> Any:
    """Return the vector of every window, float32 (N, D): at its own scale, the bins of all views."""
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    scales = chosen_scales(windows, image.shape, settings)
    vectors: list[Any] = [None] * len(windows)
    for scale in np.unique(scales):
        small = resized(image, int(scale), settings["max_side"])
        maps = dict(zip(names, session.run(None, {"pixels": pixels(small, settings)}), strict=True))
        for row in np.flatnonzero(scales == scale):
            parts = []
            for view in settings["views"]:
                map = maps[view["map"]["name"]][0].transpose(1, 2, 0)
                map = np.sign(map) * np.abs(map) ** np.float32(settings["power"])
                parts += bins(map, cells(windows[row], view, image.shape, small.shape, map.shape, settings), view)
            vectors[row] = np.concatenate(parts)
    return np.array(vectors, np.float32).reshape(len(windows), settings["dimensions"])


def chosen_scales(windows: Any, shape: Any, settings: Any) -> Any:
    """Return the short side at which each window is nearest to the size that was trained with."""
    size = np.maximum(windows[:, 2:] - windows[:, :2], 0).astype(np.float64)
    area, sides = np.maximum(size.prod(axis=1), 1)[:, None], np.array(settings["scales"])
    if settings["geometry"] == "paper":
        distance = np.abs(area * (sides / min(shape[:2])) ** 2 - 224**2)
    else:
        distance = np.abs(sides - np.floor(208 * min(shape[:2]) / np.sqrt(area) + 0.5))
    return sides[distance.argmin(axis=1)]


def resized(image: Any, scale: int, max_side: int) -> Any:
    """Return the image with a short side of scale, bilinear: within a grey level of what OpenCV makes of it."""
    short, long = min(image.shape[:2]), max(image.shape[:2])
    new_short, new_long = scale, (2 * long * scale + short) // (2 * short)
    if new_long > max_side:
        new_short, new_long = max(1, (2 * short * max_side + long) // (2 * long)), max_side
    values = image.astype(np.float64)
    for axis, side in enumerate((new_short, new_long) if image.shape[0] <= image.shape[1] else (new_long, new_short)):
        given = values.shape[axis]
        place = np.clip((np.arange(side) + 0.5) * given / side - 0.5, 0, given - 1)
        first = np.floor(place).astype(int)
        share = np.expand_dims(place - first, [other for other in range(3) if other != axis])
        second = np.minimum(first + 1, given - 1)
        values = values.take(first, axis) * (1 - share) + values.take(second, axis) * share
    return np.floor(values + 0.5).astype(np.uint8)


def pixels(image: Any, settings: Any) -> Any:
    """Return what the conv layers want, float32 (1, 3, H, W), padded with the mean to the smallest size they take."""
    wanted = settings["preprocessing"]
    values = image if wanted["order"] == "rgb" else image[..., ::-1]
    values = (values * (wanted["range"] / 255) - np.array(wanted["mean"])) / np.array(wanted["std"])
    missing = [(0, max(0, settings["least_side"] - side)) for side in values.shape[:2]]
    return np.pad(values, [*missing, (0, 0)]).astype(np.float32).transpose(2, 0, 1)[None]


def cells(window: Any, view: Any, shape: Any, small: Any, map_shape: Any, settings: Any) -> Any:
    """Return the cells that a window covers, x1 y1 x2 y2: those whose centre lies strictly inside, one at least."""
    limit = np.array([map_shape[1], map_shape[0]]) - 1
    if view["enlargement"] is None:  # the whole image
        return np.array([0, 0, *(limit + 1)])
    grown = (window[2:] - window[:2]) * np.float32((view["enlargement"] - 1) / 2)
    corners = np.concatenate([window[:2] - grown, window[2:] + grown]).astype(np.float64) - [0, 0, 1, 1]
    corners *= (min(small[:2]) - 1) / max(min(shape[:2]) - 1, 1)
    map = view["map"]
    tau = 0.0 if settings["geometry"] == "paper" else map["stride"] / 2 - 6.5
    first = np.floor((corners[:2] - tau - map["first_centre"]) / map["stride"]) + 1
    last = np.ceil((corners[2:] + tau - map["first_centre"]) / map["stride"]) - 1
    middle = np.floor((first + last) / 2)
    start = np.clip(np.minimum(first, np.where(first > last, middle, first)), 0, limit)
    end = np.clip(np.where(first > last, middle, last), 0, limit) + 1
    return np.concatenate([start, end]).astype(int)


def bins(map: Any, rectangle: Any, view: Any) -> list[Any]:
    """Return the maximum of every bin of every level, row by row."""
    left, top, right, bottom = rectangle
    part, found = map[top:bottom, left:right], []
    for level in view["levels"]:
        rows, columns = (
            [(i * side // level, -(-(i + 1) * side // level)) for i in range(level)] for side in part.shape[:2]
        )
        found += [part[y1:y2, x1:x2].max(axis=(0, 1)) for y1, y2 in rows for x1, x2 in columns]
    return found


def log_odds(scores: Any) -> Any:
    """Return log(p / (1 - p)) of every class, background too, from what goes into the softmax."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    others = np.stack([np.delete(powers, k, axis=1).sum(axis=1) for k in range(powers.shape[1])], axis=1)
    return np.log(np.maximum(powers, 1e-300)) - np.log(np.maximum(others, 1e-300))


def moved(windows: Any, offsets: Any, shape: Any) -> Any:
    """Return windows moved by offsets, inside the image (Girshick et al. 2014, appendix C)."""
    size = windows[:, 2:] - windows[:, :2]
    centre = windows[:, :2] + size / 2 + offsets[:, :2] * size
    half = size * np.exp(np.clip(offsets[:, 2:], -LARGEST, LARGEST)) / 2
    return np.clip(np.hstack([centre - half, centre + half]), 0, [shape[1], shape[0]] * 2)


def suppressed(boxes: Any, margins: Any, iou: float) -> Any:
    """Return which boxes stay, best first: none overlaps a better one by more."""
    order, kept = np.argsort(-margins, kind="stable"), []
    while len(order):
        best, order = order[0], order[1:]
        kept.append(best)
        sides = np.minimum(boxes[order, 2:], boxes[best, 2:]) - np.maximum(boxes[order, :2], boxes[best, :2])
        shared = np.maximum(sides, 0).prod(axis=1)
        areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
        order = order[shared <= iou * (areas[order] + areas[best] - shared)]
    return np.array(kept, int)


if __name__ == "__main__":
    for name, score, box in detect(sys.argv[1], np.load(sys.argv[2]), np.load(sys.argv[3])):
        sys.stdout.write(f"{name} {score:.3f} {' '.join(f'{side:.1f}' for side in box)}\n")
