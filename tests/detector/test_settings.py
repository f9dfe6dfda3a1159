"""Tests of the settings of a detector: which go together, and that all are kept."""

import inspect
from pathlib import Path
from typing import Any

import pytest

from sppnet.detector import FineTuning, InputError, Mining, Pooling, SPPNet, Training, View
from sppnet.detector.types import Target
from sppnet.proposals import SelectiveSearch


def test_every_setting_is_saved_and_loaded(squares: list[tuple[Any, Target]], tmp_path: Path) -> None:
    view = View((1, 3), map="conv4", enlargement=1.2)
    mining = Mining(C=0.1, passes=1, memory=50_000_000)
    settings: dict[str, Any] = {
        "pooling": Pooling((96, 192), 500, (view, View((1,), enlargement=None)), "release", 0.5),
        "training": Training(mining, 10.0, False, False, 10.0, 40, 0.2, True, 0.2),
        **{"search": SelectiveSearch(limit=30), "seed": 4, "precision": "float32"},
        **{"fine_tuning": None, "layer": "pool", "scores": "svm", "ranks": (), "confidence": 0.25},
    }
    SPPNet(("red", "blue"), backbone="zf5", weights="random", **settings).fit(squares[:6], workers=0).save(
        tmp_path / "m"
    )

    loaded = SPPNet.load(tmp_path / "m")

    assert {name: getattr(loaded, name) for name in settings} == settings
    assert settings.keys() | {"classes", "backbone", "weights", "preprocessing", "device", "engine"} == set(
        inspect.signature(SPPNet).parameters
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"seed": -1}, "seed must not be negative, not -1"),
        ({"backbone": "vgg"}, "there is no backbone 'vgg'"),
        ({"engine": "tpu"}, "there is no engine 'tpu'; there are auto, onnx, torch"),
        ({"pooling": Pooling(views=(View(map="fire10"),))}, "efficientnet_lite0 has no map 'fire10'; there are stage0"),
        ({"layer": "fc8"}, "layer must be one of pool, fc6, fc7, not 'fc8'"),
        ({"scores": "bogus"}, "scores must be svm or softmax, not 'bogus'"),
        ({"layer": "fc6"}, "layer fc6 needs fine_tuning with a width for it"),
        ({"layer": "fc7", "fine_tuning": FineTuning(widths=(5,))}, "layer fc7 needs fine_tuning"),
        ({"scores": "softmax"}, "scores 'softmax' need fine_tuning"),
        ({"pooling": Pooling(power=0.5), "fine_tuning": FineTuning()}, "power must be 1, not 0.5"),
    ],
)
def test_settings_that_do_not_go_together_are_named_at_once(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SPPNet(("red",), **setting)
