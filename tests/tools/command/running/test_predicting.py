"""Tests of detections in the images of a data set by a model on another device than the CPU."""

from pathlib import Path

import numpy as np
import pytest

from sppnet.data import VOC
from sppnet.detector import load_detector
from sppnet.tools.command.inputs.items import Items
from sppnet.tools.command.running import predicting
from sppnet.tools.command.running.predicting import detect_all
from sppnet.tools.command.shapes import write_shapes


def test_a_device_finds_in_batches_what_the_cpu_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicting, "AT_ONCE", 2)
    write_shapes(tmp_path, train=0, val=3, seed=1)
    items, seen = Items(VOC(tmp_path, split="val")), []

    found, spent = detect_all(
        load_detector("voc07-small", device="cpu:0"), items, 2, watch=lambda number, *_: seen.append(number)
    )

    expected, _ = detect_all(load_detector("voc07-small"), items, 1)
    assert seen == list(found) == [0, 1, 2]
    assert {"proposals", "conv", "pooling", "suppression", "wall"} <= spent.keys()
    for own, other in zip(found.values(), expected.values(), strict=True):
        np.testing.assert_allclose(own["scores"], other["scores"], atol=1e-4)
