"""Tests of the fields of models: those in the box keep their rules, and what could break a run is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from sppnet.detector import ModelError
from sppnet.detector.files.config_fields import CLASSIFIER, DETECTOR, FINE_TUNING, METRICS
from sppnet.detector.files.fields import Fields, check_fields
from sppnet.detector.files.model_folder import BUNDLED, bundled, read_detector


@pytest.mark.parametrize("name", bundled())
def test_a_bundled_model_keeps_the_rules(name: str) -> None:
    config, _ = read_detector(BUNDLED / name)

    assert set(config) - set(DETECTOR) == {"fine_tuning"}
    assert set(config["pooling"]) == set(DETECTOR["pooling"])
    assert set(config["fine_tuning"]) <= set(FINE_TUNING)


@pytest.mark.parametrize("name", bundled())
def test_so_do_its_metrics(name: str) -> None:
    check_fields(json.loads(Path(BUNDLED, name, "metrics.json").read_text()), METRICS, "metrics.json: ")


@pytest.mark.parametrize(
    ("fields", "content", "message"),
    [
        (DETECTOR, {"pooling": {"scales": ["600"]}}, "pooling.scales must be a list of 1 to 64, each a whole number"),
        (DETECTOR, {"pooling": {"scales": [20_000]}}, "pooling.scales .* from 1 to 4096, not .20000"),
        (DETECTOR, {"pooling": {"scales": [10**9]}}, "pooling.scales"),
        (DETECTOR, {"pooling": {"max_side": 0}}, "pooling.max_side must be a whole number from 1 to 10000, not 0"),
        (DETECTOR, {"pooling": {"power": -1}}, "pooling.power must be a number from 0.001 to 100, not -1"),
        (DETECTOR, {"pooling": {"power": 1e300}}, "pooling.power"),
        (DETECTOR, {"pooling": {"power": float("nan")}}, "pooling.power"),
        (DETECTOR, {"pooling": {"views": [{"levels": [10**9]}]}}, "pooling.views, number 1: levels"),
        (DETECTOR, {"calibration": {"slope": [1, 2]}}, r"calibration.slope must be a number .*, not \[1, 2\]"),
        (DETECTOR, {"calibration": {"offset": float("inf")}}, "calibration.offset"),
        (DETECTOR, {"search": {"k": ["150"]}}, "search.k must be a list of"),
        (DETECTOR, {"search": {"sigma": "0.8"}}, "search.sigma"),
        (DETECTOR, {"classes": [1, 2]}, "classes must be a list of 1 to 100000, each text"),
        (DETECTOR, {"confidence": "0.5"}, "confidence must be a number from 0 to 1, not '0.5'"),
        (DETECTOR, {"training": {"mining": {"memory": 1e9}}}, "training.mining.memory must be a whole number"),
        (FINE_TUNING, {"widths": [10**9]}, "widths"),
        (CLASSIFIER, {"side_": "32"}, "side_ must be a whole number"),
        (METRICS, {"seconds": {"SVMs": "3"}}, "seconds must be an object of values, each a number"),
    ],
)
def test_what_would_break_a_run_is_named(fields: Fields, content: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelError, match=rf"config\.json: {message}"):
        check_fields(content, fields, "config.json: ")
