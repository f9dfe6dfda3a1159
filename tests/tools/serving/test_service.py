"""What is computed is what the model says, whatever the request."""

import numpy as np
import pytest

from sppnet.data import DataError
from sppnet.detector import SPPNet
from sppnet.tools.serving.bodies import Upload
from sppnet.tools.serving.refusals import RefusedError
from sppnet.tools.serving.service import Limits, Service
from tests.conftest import square_image
from tests.tools.serving.conftest import square_file

SQUARES = Upload("squares.png", square_file())


def test_a_detection_is_that_of_predict(model: SPPNet, service: Service) -> None:
    [found] = model.predict([square_image(99)[0]], confidence=0.2)

    record = service.detect(SQUARES, None, 0.2, None)

    assert [thing["box"] for thing in record["detections"]] == found["boxes"].tolist()
    assert [thing["score"] for thing in record["detections"]] == found["scores"].tolist()
    assert (record["image"], record["width"], record["height"]) == ("squares.png", 128, 96)
    assert list(record["milliseconds"])[:2] == ["read", "proposals"]


def test_only_objects_of_the_classes_that_are_wanted(service: Service) -> None:
    record = service.detect(SQUARES, None, 0, ["blue"])

    assert {thing["label"] for thing in record["detections"]} == {"blue"}


def test_a_look_says_what_is_found_from_the_least_score_on_and_the_windows(model: SPPNet, service: Service) -> None:
    look = service.look(SQUARES, "squares")

    windows = model.search(square_image(99)[0])
    assert min(thing["score"] for thing in look["detections"]) >= 0.05
    np.testing.assert_allclose(look["windows"], windows, atol=0.051)
    assert (look["classes"], look["confidence"]) == (["red", "blue"], 0.5)


def test_the_vector_of_a_window_is_always_as_long_and_that_of_the_model(model: SPPNet, service: Service) -> None:
    id_ = service.look(SQUARES, None)["id"]
    box = np.array([[5, 6, 70, 80]], np.float32)

    small, large = service.pyramid(id_, [1, 2, 9, 12]), service.pyramid(id_, box[0].tolist())

    wanted = model.fitted()[0].vectors(square_image(99)[0], box).all()[0]
    np.testing.assert_allclose(large["vector"], wanted, atol=1e-5)
    assert len(small["vector"]) == len(wanted) == large["dimensions"]


def test_an_object_is_explained_by_parts_that_add_up(service: Service) -> None:
    look = service.look(SQUARES, None)

    explanation = service.explain(look["id"], 0, None)

    best = explanation["best"]
    parts = sum(view["part"] for view in best["views"])
    assert explanation["label"] == look["detections"][0]["label"]
    assert parts + best["bias"] + best["rivals"] == pytest.approx(look["detections"][0]["margin"], abs=1e-4)


def test_a_file_with_a_fault_is_used_and_the_fault_told(service: Service) -> None:
    file = square_file(form="JPEG")[:-2]

    assert "without end marker" in service.detect(Upload("cut.jpg", file), None, None, None)["warnings"][0]


def test_an_image_of_too_many_pixels_is_refused(model: SPPNet) -> None:
    with pytest.raises(DataError, match=r"squares\.png: 128 x 96 pixels, the limits are 1000"):
        Service({"squares": model}, Limits(pixels=1000)).detect(SQUARES, None, None, None)


def test_unknown_models_and_classes_are_named(service: Service) -> None:
    with pytest.raises(RefusedError, match="no model 'other'; there are squares"):
        service.detect(SQUARES, "other", None, None)
    with pytest.raises(RefusedError, match="no class 'green'"):
        service.detect(SQUARES, None, None, ["green", "red"])
