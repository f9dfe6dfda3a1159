"""R-CNN sees the windows of the same image."""

from pathlib import Path

import numpy as np
import pytest

from sppnet.detector import SPPNet
from sppnet.tools.command.console import CommandError
from sppnet.tools.serving.baseline import Baseline
from tests.conftest import square_image, windows_near


def test_it_is_made_of_the_model_and_leaves_the_model_as_it_is(model: SPPNet) -> None:
    image, before = square_image(3)[0], model.fitted()[0]

    found = Baseline().run("squares", model, image, windows_near(3)[:5])

    assert (found["windows"], found["detections"]) == (5, None)  # context has no place in a warped window
    assert "time only" in found["note"]
    assert {"warping", "conv", "pooling", "scores"} <= set(found["milliseconds"])
    assert model.fitted()[0] is before


def test_a_trained_one_must_be_one(model: SPPNet, tmp_path: Path) -> None:
    model.save(tmp_path / "model")

    with pytest.raises(CommandError, match="must be of method 'rcnn'"):
        Baseline(tmp_path / "model").made("squares", model)


def test_no_windows_are_no_error(model: SPPNet) -> None:
    none = np.zeros((0, 4), np.float32)

    assert Baseline().run("squares", model, square_image(3)[0], none)["windows"] == 0
