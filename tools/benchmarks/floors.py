"""The arithmetic floor of a detector's stages: work that no program can avoid, at the rates of this machine.

Conv layers, fully connected layers and scores are counted in floating-point operations and set against one large matrix
product; warping and pooling in bytes that must be read and written once, set against a copy in memory. The floors of
the other stages are not known.
"""

import copy
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.backbone.conv_layers import ConvLayers
from sppnet.detector.backbone.preprocessing import resized_size
from sppnet.detector.pooling.features import Features, WindowFeatures
from sppnet.detector.pooling.head import LAYERS, Head
from sppnet.detector.pooling.vectors import WindowVectors
from sppnet.detector.rcnn import SIDE
from sppnet.detector.scoring.detection import WindowScorer
from sppnet.detector.timing import Stopwatch, stage

from ..reports.laps import Rates, Work

MATRIX_SIDE = 2048
COPIED_BYTES = 1 << 26  # more than most caches hold
REPEATS = 5
FLOAT = 4  # bytes


def measure_rates(*precisions: str, device: str = "cpu", side: int = MATRIX_SIDE, copied: int = COPIED_BYTES) -> Rates:
    """Return the best rates of some repetitions, with the threads that torch is set to.

    Args:
        precisions: float32 or bfloat16.
        device: cpu, cuda or cuda:N.
        side: Of the square matrices that are multiplied.
        copied: Bytes that are copied.
    """
    source = torch.ones(copied // FLOAT, device=device)
    target = torch.ones_like(source)
    operations = {precision: _matrix_rate(precision, device, side) for precision in precisions}
    return Rates(operations, 2 * copied / _least_seconds(lambda: target.copy_(source), device))


def spp_work(
    features: WindowFeatures,
    scorer: WindowScorer,
    vectors: WindowVectors,
    image_size: tuple[int, int],
    detections: int,
) -> dict[str, Work]:
    """Return the work of SPP-net on an image, by stage.

    Args:
        features: Turned the windows into vectors.
        scorer: Scored them.
        vectors: Of the image; only distinct ones are pooled and scored.
        image_size: Height and width of the image.
        detections: How many were found. Those that were moved and then suppressed are not counted: this is a floor.
    """
    scales = (int(place.maps[0].partition("-")[0]) for place in vectors.places)  # as in "600-fire9"
    sizes = [_padded_size(features, image_size, scale) for scale in scales]
    operations = sum(conv_work(features.backbone, *size)[0] for size in sizes)
    read = FLOAT * sum(math.prod(map.shape) for map in vectors.maps.values())
    return {
        "conv": Work(operations, precision=features.backbone.precision),
        "pooling": Work(bytes=read + FLOAT * features.pooled_dimensions * len(vectors)),
        **_vector_work(scorer, len(vectors), detections, features.head, features.layer),
    }


def rcnn_work(
    features: Features, scorer: WindowScorer, windows: int, detections: int, head: Head | None, layer: str
) -> dict[str, Work]:
    """Return the work of R-CNN on an image, by stage; see `spp_work`.

    Args:
        features: Turned the windows into vectors.
        scorer: Scored them.
        windows: How many there were.
        detections: How many were found.
        head: Fully connected layers that the vectors went through up to a layer, if there were some.
        layer: Which one; "pool" for none.
    """
    operations, cells = conv_work(features.backbone, SIDE, SIDE)
    values = cells * features.backbone.last.channels + features.dimensions
    return {
        "warping": Work(bytes=FLOAT * 3 * SIDE**2 * windows),
        "conv": Work(operations * windows, precision=features.backbone.precision),
        "pooling": Work(bytes=FLOAT * values * windows),
        **_vector_work(scorer, windows, detections, head, layer),
    }


@cache
def conv_work(backbone: ConvLayers, height: int, width: int) -> tuple[float, int]:
    """Return the operations of the conv layers on pixels of a height and width, and the cells of their map."""
    assert isinstance(backbone, Backbone)
    layers = copy.deepcopy(backbone.layers).to("meta", torch.float32)  # which computes sizes, not values
    operations, map = count_operations(lambda: layers(torch.empty((1, 3, height, width), device="meta")))
    return operations, map.shape[2] * map.shape[3]


def count_operations(compute: Callable[[], Any]) -> tuple[float, Any]:
    """Return the operations of the convolutions and matrix products in a computation, and its result."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        result = compute()
    return float(counter.get_total_flops()), result


def _vector_work(scorer: WindowScorer, vectors: int, detections: int, head: Head | None, layer: str) -> dict[str, Work]:
    linear = list(head.layers)[: LAYERS.index(layer) + 1] if head and layer != "pool" else []
    sizes = [sum(values.numel() for values in layer.parameters() if values.ndim == 2) for layer in linear]
    work = {"fc": Work(2.0 * vectors * sum(sizes))} if linear else {}
    offsets = scorer.offset_weights[0].size if len(scorer.offset_weights) else 0
    return work | {
        "scores": Work(2.0 * vectors * scorer.weights.size),
        "regression": Work(2.0 * detections * offsets),
    }


def _padded_size(features: WindowFeatures, image_size: tuple[int, int], scale: int) -> tuple[int, int]:
    """Return height and width of what the conv layers see at a scale."""
    height, width = resized_size(image_size, scale, max_side=features.pooling.max_side)
    return max(height, features.backbone.least_side), max(width, features.backbone.least_side)


def _matrix_rate(precision: str, device: str, side: int) -> float:
    factor = torch.ones((side, side), dtype=getattr(torch, precision), device=device)
    product = torch.empty_like(factor)
    return 2 * side**3 / _least_seconds(lambda: torch.mm(factor, factor, out=product), device)


def _least_seconds(action: Callable[[], Any], device: str) -> float:
    seconds = []
    for _ in range(REPEATS):
        clock = Stopwatch()
        with stage(clock, "action", device):
            action()
        seconds.append(clock.seconds["action"])
    return min(seconds)
