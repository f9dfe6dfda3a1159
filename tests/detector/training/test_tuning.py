"""Tests of detectors whose layers are tuned: which learn, from what, and what is told of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from sppnet.detector import FineTuning
from sppnet.detector.backbone.weights import load_backbone
from sppnet.detector.pooling.features import WindowFeatures
from tests.conftest import square_image
from tests.detector.tuned import WIDTHS, tuned


@pytest.mark.parametrize("unfreeze", [False, True])
def test_conv_layers_after_the_last_pooling_learn_on_request_only(
    pooled_name: str, unfreeze: bool, tmp_path: Path
) -> None:
    before = load_backbone(pooled_name, "random").layers.state_dict()
    tuned(pooled_name, fine_tuning=replace(WIDTHS, unfreeze=unfreeze)).save(tmp_path / "model")

    after = load_file(tmp_path / "model" / "model.safetensors")

    np.testing.assert_array_equal(after["backbone.0.weight"], before["0.weight"])
    assert np.array_equal(after["backbone.3.weight"], before["3.weight"]) is not unfreeze


def test_a_fine_tuning_is_told_of(pooled_name: str) -> None:
    metrics = tuned(pooled_name, fine_tuning=WIDTHS).metrics_

    assert len(metrics["fine_tuning"]["losses"]) == 1 == metrics["fine_tuning"]["epoch"]
    assert "fine-tuning" in metrics["seconds"]


def test_an_interrupted_fine_tuning_goes_on_to_the_same_model(pooled_name: str, tmp_path: Path) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "fine-tuning" and done == 3:
            raise KeyboardInterrupt

    tuning = replace(WIDTHS, unfreeze=True, reduction=5, epochs=2)  # two steps each
    with pytest.raises(KeyboardInterrupt):
        tuned(pooled_name, tmp_path / "cache", progress=interrupt, fine_tuning=tuning)
    tuned(pooled_name, tmp_path / "cache", fine_tuning=tuning).save(tmp_path / "resumed")
    tuned(pooled_name, fine_tuning=tuning).save(tmp_path / "whole")

    resumed, whole = ((tmp_path / name / "model.safetensors").read_bytes() for name in ("resumed", "whole"))
    assert resumed == whole


def test_fine_tuning_sees_its_own_scales_and_what_follows_the_models(
    pooled_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, rectangles = list[int](), WindowFeatures.rectangles

    def noted(features: WindowFeatures, sizes: Any, windows: Any, image_size: Any, scale: int) -> Any:
        seen.append(scale)
        return rectangles(features, sizes, windows, image_size, scale)

    monkeypatch.setattr(WindowFeatures, "rectangles", noted)
    model = tuned(pooled_name, fine_tuning=FineTuning(unfreeze=True, epochs=2, windows=16, scales=(64, 128)))
    during = set(seen)
    seen.clear()
    model.predict([square_image(99)[0]])

    assert during == {96, 64, 128} and set(seen) == {96}
