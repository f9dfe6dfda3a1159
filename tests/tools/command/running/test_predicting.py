"""Tests of detections in the images of a data set by a model on another device than the CPU."""

from pathlib import Path

import numpy as np
import pytest

from sppnet.data import VOC
from sppnet.detector import Inference, load_detector
from sppnet.proposals import SelectiveSearch
from sppnet.tools.command.inputs.items import Items
from sppnet.tools.command.running import predicting
from sppnet.tools.command.running.predicting import detect_all
from sppnet.tools.command.shapes import write_shapes


def test_a_device_finds_in_batches_what_the_cpu_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicting, "AT_ONCE", 2)
    write_shapes(tmp_path, train=0, val=3, seed=1)
    items, small = Items(VOC(tmp_path, split="val")), Inference(scales=(96,))
    there, here = (load_detector("voc07-small", device=device) for device in ("cpu:0", "cpu"))
    there.search = here.search = SelectiveSearch(limit=50)

    found, spent = detect_all(there, items, 2, small)

    expected, _ = detect_all(here, items, 1, small)
    assert list(found) == [0, 1, 2]
    assert {"proposals", "conv", "pooling", "suppression", "wall"} <= spent.keys()
    for own, other in zip(found.values(), expected.values(), strict=True):
        np.testing.assert_allclose(own["scores"], other["scores"], atol=1e-4)
