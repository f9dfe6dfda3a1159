"""Tests of looks at an image: detections traced back to windows, parts that add up, windows that break a rule."""

import json
from typing import Any, cast

import numpy as np
import pytest
from matplotlib.cbook import get_sample_data
from PIL import Image

from sppnet.detector import RCNN, Combination, Explainer, InputError, ModelError, Pooling, SPPNet, View
from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.explaining.explainer import Look
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.scoring.calibration import Calibration
from sppnet.detector.scoring.detection import WindowScorer
from tests.conftest import square_image, windows_near


def photograph() -> Any:
    with Image.open(str(get_sample_data("grace_hopper.jpg", asfileobj=False))) as file:
        return np.asarray(file.convert("RGB"))


@pytest.fixture(scope="module")
def model() -> SPPNet:
    return SPPNet.load("voc07-small")


@pytest.fixture(scope="module")
def seen(model: SPPNet) -> Look:
    return Explainer(model).look(photograph(), confidence=0.0)


def with_svms(features: WindowFeatures, classes: tuple[str, ...] = ("red", "blue")) -> SPPNet:
    """Return a model of random SVMs on given features."""
    random, count = np.random.default_rng(0), len(classes)
    model = SPPNet(classes, backbone="zf5", weights="random", pooling=Pooling(scales=(96,), views=(View(),)))
    scorer = WindowScorer(
        weights=random.normal(0, 0.2, (count, features.dimensions)).astype(np.float32),
        biases=random.normal(0, 1, count).astype(np.float32),
        offset_weights=random.normal(0, 0.01, (count, 4, features.dimensions)).astype(np.float32),
        offset_biases=np.zeros((count, 4), np.float32),
        calibration=Calibration(),
    )
    model._fitted = features, scorer
    return model


@pytest.fixture
def square(tiny_features: WindowFeatures) -> Look:
    return Explainer(with_svms(tiny_features)).look(square_image(0)[0], windows=windows_near(0), confidence=0.0)


def test_detections_are_those_of_predict(model: SPPNet, seen: Look) -> None:
    [wanted] = model.predict([seen.image])

    for name in ("boxes", "labels", "scores", "margins"):
        np.testing.assert_array_equal(seen.detections[name], wanted[name])
    assert list(seen.detections["milliseconds"]) == list(wanted["milliseconds"])
    assert len(seen.detections) > 10


def test_by_default_confidence_is_the_models_own(model: SPPNet, seen: Look) -> None:
    found = Explainer(model).look(seen.image, windows=seen.windows)

    assert found.detections.scores.min() >= model.confidence


def test_every_detection_is_a_window_that_regression_moved(seen: Look) -> None:
    found = [seen.explain(number) for number in range(len(seen.detections))]

    np.testing.assert_allclose([each.box for each in found], seen.detections.boxes, atol=1e-3)
    np.testing.assert_array_equal([each.window for each in found], seen.windows[seen.sources])
    np.testing.assert_array_equal([each.best.margin for each in found], seen.detections.margins)
    np.testing.assert_array_equal([each.best.score for each in found], seen.detections.scores)
    assert [each.best.name for each in found] == seen.detections.names


def test_parts_of_a_softmax_add_up_to_the_margins(seen: Look) -> None:
    found = [seen.explain(number) for number in range(len(seen.detections))]

    assert max(each.difference for each in found) < 1e-4
    assert all(each.exact for each in found)


def test_parts_of_svms_add_up_to_the_margins(square: Look) -> None:
    found = [square.explain(number) for number in range(len(square.detections))]

    assert len(found) > 3 and max(each.difference for each in found) < 1e-4


def test_a_box_is_explained_by_the_class_of_the_highest_margin(seen: Look) -> None:
    of_object = seen.explain(0)

    of_box = seen.explain(box=seen.windows[seen.sources[0]].tolist())

    assert of_box.object is None and of_object.object == 0
    assert {**of_box.to_json(), "object": 0} == of_object.to_json()


def test_the_second_class_is_the_best_of_the_others(seen: Look) -> None:
    found = seen.explain(box=[0, 0, 100, 100], label=3)

    margins = [seen.explain(box=[0, 0, 100, 100], label=label).best.margin for label in range(20)]
    assert found.best.label == 3 and found.second is not None
    assert found.second.margin == max(margin for label, margin in enumerate(margins) if label != 3)


def test_a_model_of_one_class_has_no_second(tiny_features: WindowFeatures) -> None:
    look = Explainer(with_svms(tiny_features, ("red",))).look(square_image(0)[0], windows=windows_near(0))

    assert look.explain(box=[0, 0, 50, 50]).second is None


def test_an_explanation_is_json(seen: Look) -> None:
    found = json.loads(json.dumps(seen.explain(0).to_json()))

    assert found["label"] == seen.detections.names[0]
    views = found["best"]["views"]
    total = sum(view["part"] for view in views) + found["best"]["bias"] + found["best"]["rivals"]
    assert total == pytest.approx(found["margin"], abs=1e-4)
    levels = [sum(map(sum, level["parts"])) for view in views for level in view["levels"]]
    assert sum(levels) == pytest.approx(sum(view["part"] for view in views), abs=1e-4)


@pytest.mark.parametrize(
    ("box", "rule"),
    [
        ([1, 2, 3], "four finite numbers"),
        ([1, 2, 3, float("nan")], "four finite numbers"),
        ([1, 2, 3, 1e300], "four finite numbers"),
        ([1, [2, 3]], "four finite numbers"),
        ("nonsense", "four finite numbers"),
        ([10, 2, 3, 9], "x1 < x2"),
        ([200, 2, 300, 9], "must touch the image of 128 x 96 pixels"),
        ([-9, 2, 0, 9], "must touch the image"),
    ],
)
def test_a_box_that_is_no_window_is_named(square: Look, box: Any, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        square.pooled(box)


def test_a_box_may_reach_out_of_the_image(square: Look) -> None:
    assert square.pooled([-5, -5, 500, 20]).views[0].cells[:2].tolist() == [0, 0]


@pytest.mark.parametrize("arguments", [{"object": 5000}, {"object": -1}, {"box": [0, 0, 9, 9], "label": 2}])
def test_what_is_not_there_is_named(square: Look, arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="there is no"):
        square.explain(**arguments)


@pytest.mark.parametrize("arguments", [{}, {"object": 0, "box": [0, 0, 9, 9]}])
def test_one_of_object_and_box_is_wanted(square: Look, arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="either"):
        square.explain(**arguments)


def test_an_image_without_windows_has_no_detections_but_any_box(tiny_features: WindowFeatures) -> None:
    none = np.zeros((0, 4), np.float32)

    look = Explainer(with_svms(tiny_features)).look(square_image(0)[0], windows=none)

    assert (len(look.detections), len(look.sources)) == (0, 0)
    assert look.explain(box=[0, 0, 50, 50]).difference < 1e-4


def test_several_models_together_are_refused(model: SPPNet) -> None:
    with pytest.raises(InputError, match="only one SPP-net can be explained"):
        Explainer(Combination([model, model]))


def test_an_rcnn_is_refused(tiny_backbone: Backbone) -> None:
    model = RCNN(("red", "blue"), backbone="zf5", weights="random")
    model._fitted = model._window_features(tiny_backbone), cast(Any, None)

    with pytest.raises(InputError, match="rcnn"):
        Explainer(model)


def test_a_model_that_is_not_fitted_is_refused() -> None:
    with pytest.raises(ModelError, match="has not been trained"):
        Explainer(SPPNet(("red",), backbone="zf5", weights="random"))
