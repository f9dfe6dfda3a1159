"""Work and rates: operations and bytes counted by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.backbone.weights import load_backbone
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.pooling.head import Head
from sppnet.detector.pooling.settings import Pooling, View
from sppnet.detector.pooling.vectors import WindowVectors
from sppnet.detector.rcnn import WarpedFeatures
from sppnet.detector.scoring.calibration import Calibration
from sppnet.detector.scoring.detection import WindowScorer
from sppnet.tools.benchmarks.floors import conv_work, count_operations, measure_rates, rcnn_work, spp_work
from sppnet.tools.reports.laps import Rates, Work

WINDOWS = np.array([[0, 0, 60, 60], [0, 0, 60, 60], [30, 30, 96, 90]], np.float32)


def scorer(classes: int, dimensions: int) -> WindowScorer:
    return WindowScorer(
        np.zeros((classes, dimensions), np.float32),
        np.zeros(classes, np.float32),
        np.zeros((classes, 4, dimensions), np.float32),
        np.zeros((classes, 4), np.float32),
        Calibration(),
    )


def spp_vectors(features: WindowFeatures) -> WindowVectors:
    image = np.zeros((96, 96, 3), np.uint8)
    vectors = features.vectors(image, WINDOWS)
    assert isinstance(vectors, WindowVectors)
    return vectors


def test_the_operations_of_conv_layers_are_those_of_the_formula(tiny_backbone: Backbone) -> None:
    # 21 pixels: 9 x 9 outputs of 8 channels from 3 x 5 x 5 values, then 4 x 4 of 8 from 8 x 3 x 3.
    assert conv_work(tiny_backbone, 21, 21) == (2 * 81 * 8 * 75 + 2 * 16 * 8 * 72, 16)


@pytest.mark.parametrize("name", ["squeezenet1_1", "alexnet", "zf5"])
def test_every_backbone_can_be_counted(name: str) -> None:
    operations, cells = conv_work(load_backbone(name, "random"), 227, 227)

    assert operations > 1e8 and cells >= 100


def test_matrix_products_are_counted_with_their_result() -> None:
    operations, product = count_operations(lambda: torch.ones(2, 3) @ torch.ones(3, 5))

    assert operations == 2 * 2 * 3 * 5
    assert product.shape == (2, 5)


def test_spp_net_pools_and_scores_distinct_windows_only(tiny_features: WindowFeatures) -> None:
    features = replace(tiny_features, pooling=Pooling(scales=(96,), views=(View((1, 2)),)))

    work = spp_work(features, scorer(3, 40), spp_vectors(features), (96, 96), 1)

    # The map has 22 x 22 cells of 8 channels; 2 distinct vectors of 40 values meet 3 classes; one is moved.
    assert work == {
        "conv": Work(conv_work(features.backbone, 96, 96)[0]),
        "pooling": Work(bytes=4 * (22 * 22 * 8 + 2 * 40)),
        "scores": Work(2 * 2 * 40 * 3),
        "regression": Work(2 * 4 * 40),
    }


def test_r_cnn_convolves_every_window(tiny_backbone: Backbone) -> None:
    operations, cells = conv_work(tiny_backbone, 227, 227)

    work = rcnn_work(WarpedFeatures(tiny_backbone, (1, 2)), scorer(3, 40), 5, 0, None, "pool")

    assert work["warping"].bytes == 4 * 3 * 227**2 * 5
    assert work["conv"].operations == 5 * operations
    assert work["pooling"].bytes == 4 * (cells * 8 + 40) * 5
    assert work["scores"].operations == 2 * 5 * 40 * 3
    assert work["regression"].operations == 0


def test_fully_connected_layers_count_as_far_as_they_are_used(tiny_backbone: Backbone) -> None:
    head, features = Head(40, 3, (6, 7)), WarpedFeatures(tiny_backbone, (1, 2))

    fc6 = rcnn_work(features, scorer(3, 6), 5, 0, head, "fc6")
    fc7 = rcnn_work(features, scorer(3, 7), 5, 0, head, "fc7")

    assert fc6["fc"].operations == 2 * 5 * 40 * 6
    assert fc7["fc"].operations == 2 * 5 * (40 * 6 + 6 * 7)


def test_the_floor_is_the_longer_of_arithmetic_and_memory() -> None:
    rates = Rates({"float32": 1e9, "bfloat16": 4e9}, 1e8)

    assert rates.milliseconds(Work(2e9, bytes=1e8)) == 2000
    assert rates.milliseconds(Work(2e9, bytes=3e8)) == 3000
    assert rates.milliseconds(Work(2e9, precision="bfloat16")) == 500
    assert rates.milliseconds(Work()) == 0


def test_rates_are_measured_for_the_precisions_asked_for() -> None:
    rates = measure_rates("float32", "bfloat16", side=64, copied=1 << 16)

    assert list(rates.operations) == ["float32", "bfloat16"]
    assert min(rates.bytes, *rates.operations.values()) > 1e6
