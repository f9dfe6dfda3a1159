"""Tests of models of earlier formats: their settings in the words of today's, every one kept."""

from typing import Any

import numpy as np
import pytest

from sppnet.detector.backbone.networks.layers import declared_maps
from sppnet.detector.files.formats import EARLY, upgraded_classifier, upgraded_detector

OLD: dict[str, Any] = {
    **{"format": 3, "method": "sppnet", "classes": ["red"], "trunk": "small", "early": False, "context": False},
    **{"scales": [480, 600], "max_side": 2000, "geometry": "release", "power": 0.5, "levels": [1, 3]},
    **{"mining": {"C": 0.1}, "norm": 10.0, "centre": True, "standardise": False, "penalty": 9.0},
    **{"regression_examples": 7, "negative_iou": 0.2, "use_difficult": True, "held_out": 0.1},
    "fine_tuning": {"rate": 0.01, "decay": 0.0005, "epochs": 2},
}


def test_every_setting_of_format_3_has_its_place() -> None:
    config, tensors = upgraded_detector(dict(OLD), {"trunk.0.weight": np.ones(1), "head.bias": np.zeros(1)})

    assert config == {
        **{"format": 4, "method": "sppnet", "classes": ["red"], "backbone": "small"},
        "pooling": {
            **{"scales": [480, 600], "max_side": 2000, "geometry": "release", "power": 0.5},
            "views": [{"levels": [1, 3]}],
        },
        "training": {
            **{"mining": {"C": 0.1}, "norm": 10.0, "centre": True, "standardise": False, "penalty": 9.0},
            **{"regression_examples": 7, "negative_iou": 0.2, "use_difficult": True, "held_out": 0.1},
        },
        "fine_tuning": {"learning_rate": 0.01, "weight_decay": 0.0005, "epochs": 2},
    }
    assert list(tensors) == ["backbone.0.weight", "head.bias"]


@pytest.mark.parametrize("name", EARLY)
def test_what_was_pooled_besides_the_window_is_kept_in_its_order(name: str) -> None:
    config, _ = upgraded_detector(OLD | {"trunk": name, "context": True, "early": True}, {})

    assert config["pooling"]["views"] == [
        {"levels": [1, 3]},
        {"levels": [1, 2], "enlargement": 1.5},
        {"levels": [1, 2], "enlargement": None},
        {"levels": [1, 2, 3], "map": EARLY[name]},
    ]


@pytest.mark.parametrize("name", EARLY)
def test_the_early_map_has_half_the_stride_of_the_last(name: str) -> None:
    maps = declared_maps(name)
    assert maps[EARLY[name]].stride * 2 == list(maps.values())[-1].stride


def test_no_fine_tuning_stays_none() -> None:
    assert upgraded_detector(OLD | {"fine_tuning": None}, {})[0]["fine_tuning"] is None


def test_a_detector_of_today_is_left_alone() -> None:
    config = {"format": 4, "backbone": "small"}
    assert upgraded_detector(config, {}) == (config, {})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"format": "classifier 1", "trunk": "small", "several": True}, ("classifier 2", "small", True)),
        ({"format": "classifier 2", "backbone": "zf5", "multi_label": False}, ("classifier 2", "zf5", False)),
    ],
)
def test_a_classifier_of_the_first_format_gets_the_words_of_the_second(
    given: dict[str, Any], expected: tuple[str, str, bool]
) -> None:
    config = upgraded_classifier(given)
    assert (config["format"], config["backbone"], config["multi_label"]) == expected
