"""Tests of inference: its settings, and what a detector makes of them."""

from typing import Any

import numpy as np
import pytest

from sppnet.detector.errors import InputError
from sppnet.detector.scoring.inference import Inference
from tests.conftest import square_image, windows_near
from tests.detector.tuned import tuned


def test_scales_are_kept_as_a_tuple() -> None:
    assert Inference(scales=[480, 600]) == Inference(scales=(480, 600))  # type: ignore[arg-type]


@pytest.mark.parametrize(("setting", "wanted"), [({}, False), ({"soft": True}, True), ({"voting": True}, True)])
def test_all_likely_windows_are_moved_where_those_beside_the_best_count(setting: dict[str, Any], wanted: bool) -> None:
    assert Inference(**setting).moves_all is wanted


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"scales": (0,)}, r"scales must be one or more different short sides in pixels, up to 4096, not \(0,\)"),
        ({"scales": (600, 600)}, "different short sides"),
        ({"sigma": 0.0}, "sigma must be positive and finite, not 0.0"),
        ({"sigma": float("nan")}, "sigma must be positive and finite, not nan"),
    ],
)
def test_settings_out_of_range_are_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Inference(**setting)


def test_a_window_uses_the_best_of_the_scales_of_inference(pooled_name: str) -> None:
    model = tuned(pooled_name)
    image, windows = square_image(99)[0], [np.array([[0, 0, 100, 90]], np.float32)]  # 200 x 180 pixels at 192

    at_192, at_any = (
        model.predict([image], windows=windows, inference=Inference(scales=scales))[0]["margins"]
        for scales in ((192,), (96, 192, 384))
    )

    np.testing.assert_array_equal(at_192, at_any)
    assert at_any[0] != model.predict([image], windows=windows)[0]["margins"][0]


def test_the_scales_of_a_model_given_again_change_nothing(pooled_name: str) -> None:
    model, image, windows = tuned(pooled_name), square_image(99)[0], windows_near(99)

    [usual], [given] = (
        model.predict([image], windows=[windows], inference=inference) for inference in (None, Inference(scales=(96,)))
    )

    np.testing.assert_array_equal(usual["boxes"], given["boxes"])
    np.testing.assert_array_equal(usual["margins"], given["margins"])


def test_an_image_and_its_mirror_image_give_mirrored_detections(pooled_name: str) -> None:
    model, inference = tuned(pooled_name), Inference(mirror=True, soft=True, voting=True)
    image, windows = square_image(99)[0], windows_near(99)
    turned = np.stack([128 - windows[:, 2], windows[:, 1], 128 - windows[:, 0], windows[:, 3]], axis=1)

    straight, mirrored = model.predict(
        [image, np.ascontiguousarray(image[:, ::-1])], windows=[windows, turned], inference=inference
    )

    np.testing.assert_allclose(mirrored["scores"], straight["scores"], rtol=1e-4)
    np.testing.assert_allclose(mirrored["boxes"][0, [2, 0]], 128 - straight["boxes"][0, [0, 2]], rtol=1e-3)


@pytest.mark.parametrize("count", [0, 1])
def test_everything_of_inference_takes_no_windows_and_one(pooled_name: str, count: int) -> None:
    inference = Inference(scales=(64, 96), mirror=True, soft=True, voting=True)
    windows = np.array([[0, 0, 60, 60]], np.float32)[:count]

    [found] = tuned(pooled_name).predict([square_image(99)[0]], windows=[windows], inference=inference)

    assert found["boxes"].shape == (len(found["labels"]), 4) and len(found["labels"]) <= 2 * count
