"""Tests of models for other programs: the runner that lies beside them detects what `SPPNet.predict` does."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from sppnet.detector import (
    CONTEXT,
    RCNN,
    FineTuning,
    InputError,
    Mining,
    ModelError,
    Pooling,
    SPPNet,
    Training,
    View,
    export_onnx,
)
from sppnet.detector.runner import detect, resized
from sppnet.detector.types import Image
from tests.conftest import square_image, windows_near, with_windows

VIEWS = (View((1, 2, 3)), View((2,), map="conv1"), *CONTEXT)
PAIRS = with_windows([square_image(number) for number in range(8)], [windows_near(number) for number in range(8)])


def trained(name: str, method: type[SPPNet] = SPPNet, **settings: Any) -> SPPNet:
    training = Training(mining=Mining(C=0.1), held_out=0)
    model = method(("red", "blue"), backbone=name, weights="random", training=training, **settings)
    return model.fit(PAIRS, workers=0)


@pytest.fixture(scope="module", params=["svm", "softmax", "softmax and further SVM"])
def model(pooled_name: str, request: pytest.FixtureRequest) -> SPPNet:
    softmax: dict[str, Any] = {"scores": "softmax", "fine_tuning": FineTuning(epochs=2, windows=16, learning_rate=3e-3)}
    tuned: dict[str, Any] = {} if request.param == "svm" else softmax
    model = trained(pooled_name, pooling=Pooling(scales=(96, 192), views=VIEWS), **tuned)
    if "further" not in request.param:
        return model
    return model.remove_class("red").add_classes(PAIRS, ("red", "blue"), workers=0)


@pytest.fixture(scope="module")
def exported(model: SPPNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "model"
    export_onnx(model, folder)
    return folder


def test_the_runner_finds_what_the_model_finds(model: SPPNet, exported: Path) -> None:
    image, windows = square_image(3)[0], windows_near(3)

    found = detect(exported, image, windows, confidence=0.0)

    [expected] = model.predict([image], windows=[windows])
    assert len(found) == len(expected["boxes"]) > 0
    assert sorted(name for name, _, _ in found) == sorted(model.classes[label] for label in expected["labels"])
    np.testing.assert_allclose([score for _, score, _ in found], expected["scores"], atol=2e-2)
    # Scores that are nearly equal may change places: images are resized a little differently.
    np.testing.assert_allclose(sorted(box for _, _, box in found), sorted(expected["boxes"].tolist()), atol=0.5)


def test_the_runner_works_alone(exported: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "image.npy", square_image(3)[0])
    np.save(tmp_path / "windows.npy", windows_near(3))
    names = ("run.py", ".", str(tmp_path / "image.npy"), str(tmp_path / "windows.npy"))

    done = subprocess.run([sys.executable, *names], cwd=exported, capture_output=True, text=True, check=True, env={})

    wanted = detect(exported, square_image(3)[0], windows_near(3))
    assert [line.split()[0] for line in done.stdout.splitlines()] == [name for name, _, _ in wanted]


def test_no_windows_give_no_objects(exported: Path) -> None:
    assert detect(exported, square_image(0)[0], np.zeros((0, 4))) == []


def test_the_conv_layers_are_a_file_that_needs_no_other(exported: Path) -> None:
    model = onnx.load(str(exported / "conv.onnx"), load_external_data=False)

    onnx.checker.check_model(model, full_check=True)
    assert [output.name for output in model.graph.output] == ["conv1", "conv2"]
    assert all(tensor.data_location == onnx.TensorProto.DEFAULT for tensor in model.graph.initializer)


def test_settings_are_json(model: SPPNet, exported: Path) -> None:
    settings = json.loads((exported / "settings.json").read_text())

    assert settings["classes"] == list(model.classes) and settings["scores"] == model.scores
    assert [view["map"]["name"] for view in settings["views"]] == ["conv2", "conv1", "conv2", "conv2"]


def test_an_export_is_replaced_and_nothing_else(model: SPPNet, exported: Path, tmp_path: Path) -> None:
    export_onnx(model, exported)
    (tmp_path / "holiday.jpg").write_bytes(b"")

    with pytest.raises(ModelError, match=r"holds 'holiday\.jpg'"):
        export_onnx(model, tmp_path)


def test_a_model_that_is_no_sppnet_on_pooled_vectors_is_refused(pooled_name: str, tmp_path: Path) -> None:
    model = trained(pooled_name, RCNN, pooling=Pooling(views=(View((1,)),)))

    with pytest.raises(InputError, match="only SPP-nets whose SVMs or softmax see pooled vectors"):
        export_onnx(model, tmp_path / "model")


@pytest.mark.parametrize(("size", "scale"), [((50, 70), 60), ((70, 50), 30), ((40, 400), 100)])
def test_images_are_resized_as_opencv_does_within_a_grey_level(size: tuple[int, int], scale: int) -> None:
    from sppnet.detector.backbone.preprocessing import resized as by_opencv

    image: Image = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)

    found, wanted = resized(image, scale, 300), by_opencv(image, scale, max_side=300)

    assert found.shape == wanted.shape
    assert np.abs(found.astype(int) - wanted.astype(int)).max() <= 1
