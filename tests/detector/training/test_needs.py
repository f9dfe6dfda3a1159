"""Tests of what a training needs."""

import pytest

from sppnet.detector import CONTEXT, FineTuning, Pooling, SPPNet


def test_the_plan_grows_with_images_and_scales() -> None:
    usual = SPPNet(("red",), backbone="zf5", pooling=Pooling(scales=(192,)))
    one, many = (usual.plan(images) for images in (1, 100))
    fine = SPPNet(("red",), backbone="zf5", pooling=Pooling(scales=(192, 400))).plan(100)

    assert many["disk_bytes"] == 100 * one["disk_bytes"] and fine["seconds"] > many["seconds"] > one["seconds"]


def test_the_plan_counts_every_map_that_is_pooled_once() -> None:
    # 600 x 800 pixels in half precision: 468.75 cells of 320 channels, and 1,875 of 112; 32,000 bytes for the rest.
    model = SPPNet(("red",), backbone="efficientnet_lite0")
    context = SPPNet(("red",), backbone="efficientnet_lite0", pooling=model.pooling.with_views(*CONTEXT))

    assert model.plan(1)["disk_bytes"] == context.plan(1)["disk_bytes"] == pytest.approx(300_000 + 420_000 + 32_000)


def test_the_plan_of_fine_tuning_counts_the_maps_of_its_own_scales_and_of_mirror_images() -> None:
    # The stem's map at stride 8: 7,500 cells of 40 channels in half precision for 600 x 800 pixels.
    model, still = (
        SPPNet(("red",), backbone="efficientnet_lite0", scores="softmax", fine_tuning=FineTuning(unfreeze=True, **more))
        for more in ({"scales": (600, 1200)}, {"flips": False})
    )
    base = 300_000 + 420_000 + 32_000

    assert still.plan(1)["disk_bytes"] == pytest.approx(base + 600_000)
    assert model.plan(1)["disk_bytes"] == pytest.approx(base + 2 * (600_000 + 2_400_000))
