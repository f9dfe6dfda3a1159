"""Who races with which weights, and what a lap holds."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from sppnet.detector import RCNN, SPPNet
from sppnet.detector.backbone.backbone import Backbone
from sppnet.detector.pooling.features import WindowFeatures
from sppnet.detector.pooling.head import Head
from sppnet.detector.pooling.settings import CONTEXT
from sppnet.detector.rcnn import WarpedFeatures
from sppnet.proposals import SelectiveSearch
from sppnet.tools.benchmarks.race import Network, WindowDetector, networks, precisions, r_cnn, run_race, spp_net
from sppnet.tools.command.console import CommandError
from sppnet.tools.reports.laps import Rates
from tests.conftest import no_progress, square_image
from tests.tools.benchmarks.test_floors import scorer

RATES = Rates({"float32": 1e9}, 1e9)
CLASSES = ("red", "blue")


def model(features: Any, dimensions: int, kind: type[SPPNet] = SPPNet, classes: Any = CLASSES) -> SPPNet:
    network = kind(classes)
    network._fitted = features, scorer(len(classes), dimensions)
    return network


def window_detector(contender: Any) -> WindowDetector:
    assert isinstance(contender, WindowDetector)
    return contender


class Images:
    """Stands for a data set."""

    def image(self, number: int) -> Any:
        return square_image(number)[0]


def test_the_model_races_as_it_is_and_at_several_scales(tiny_features: WindowFeatures) -> None:
    one, several = map(window_detector, spp_net(model(tiny_features, 400), (96, 128)))

    assert one.features is tiny_features
    assert (several.name, several.features.scales) == ("SPP-net, 2 scales", (96, 128))
    assert several.scorer is one.scorer
    assert precisions([one, several]) == {"float32"}


def test_scales_that_the_model_has_race_once(tiny_features: WindowFeatures) -> None:
    assert len(spp_net(model(tiny_features, 400), (96,))) == 1


def test_an_r_cnn_is_no_model_to_start_from(tiny_backbone: Backbone) -> None:
    with pytest.raises(CommandError, match="must be an SPP-net, not one of method 'rcnn'"):
        spp_net(model(WarpedFeatures(tiny_backbone), 400, RCNN), (96,))


def test_r_cnn_has_the_classifier_of_pooled_vectors(tiny_features: WindowFeatures) -> None:
    network = model(tiny_features, 400)

    rival = window_detector(r_cnn(network, None, 3))

    assert rival.scorer is network.fitted()[1]
    assert (rival.images, rival.scored) == (3, True)


def test_r_cnn_has_the_pyramids_columns_of_longer_vectors_and_no_score(tiny_features: WindowFeatures) -> None:
    longer = replace(tiny_features, pooling=tiny_features.pooling.with_views(*CONTEXT))

    rival = window_detector(r_cnn(model(longer, longer.dimensions), None, 3))

    assert (rival.scorer.weights.shape, rival.scorer.offset_weights.shape) == ((2, 400), (2, 4, 400))
    assert not rival.scored
    assert "weights of the pyramid part only" in rival.note


def test_r_cnn_has_the_fully_connected_layers(tiny_features: WindowFeatures) -> None:
    head = Head(400, 2, (6,))
    rival = r_cnn(model(replace(tiny_features, head=head, layer="fc6"), 6), None, 3)
    image, windows = square_image(0)[0], np.array([[0, 0, 60, 60]], np.float32)

    lap = rival.run(image, windows)

    assert {"warping", "conv", "pooling", "fc", "scores"} <= lap.milliseconds.keys()
    assert lap.work["fc"].operations == 2 * 400 * 6


def test_fully_connected_layers_on_longer_vectors_need_a_trained_r_cnn(tiny_features: WindowFeatures) -> None:
    longer = replace(
        tiny_features, pooling=tiny_features.pooling.with_views(*CONTEXT), head=Head(528, 2, (6,)), layer="fc6"
    )

    with pytest.raises(CommandError, match="give --rcnn-model"):
        r_cnn(model(longer, 6), None, 3)


def test_a_trained_r_cnn_says_whether_its_backbone_is_the_same(tiny_features: WindowFeatures) -> None:
    trained = model(WarpedFeatures(tiny_features.backbone), 400, RCNN)

    assert r_cnn(model(tiny_features, 400), trained, 3).note == "trained by itself, on the same backbone"


@pytest.mark.parametrize(
    ("kind", "classes", "rule"), [(SPPNet, CLASSES, "method 'rcnn'"), (RCNN, ("blue", "red"), "same order")]
)
def test_a_trained_model_that_does_not_fit_is_refused(
    tiny_features: WindowFeatures, kind: type[SPPNet], classes: Any, rule: str
) -> None:
    with pytest.raises(CommandError, match=rule):
        r_cnn(model(tiny_features, 400), model(tiny_features, 400, kind, classes), 3)


def test_a_lap_finds_what_predict_finds(tiny_features: WindowFeatures) -> None:
    network = model(tiny_features, 400)
    image, windows = square_image(0)[0], np.array([[0, 0, 60, 60], [40, 20, 90, 80]], np.float32)
    [expected] = network.predict([image], windows=[windows])

    objects = spp_net(network, (96,))[0].run(image, windows).objects

    assert objects is not None
    np.testing.assert_array_equal(objects["boxes"], expected["boxes"])
    np.testing.assert_array_equal(objects["scores"], expected["scores"])


def test_all_see_the_same_images_and_r_cnn_only_the_first(tiny_features: WindowFeatures) -> None:
    network = model(tiny_features, 400)
    rivals = [*spp_net(network, (96,)), r_cnn(network, None, 1)]

    race = run_race(Images(), [4, 2], SelectiveSearch(limit=3), rivals, RATES, no_progress)  # type: ignore[arg-type]

    assert {name: len(laps) for name, laps in race.laps.items()} == {"SPP-net": 2, "R-CNN": 1}
    assert race.windows == [3, 3]
    assert [list(times) for times in race.shared] == [["decode", "proposals"]] * 2
    assert race.laps["SPP-net"][0].milliseconds.keys() >= {"conv", "pooling", "scores", "suppression", "other"}


def test_the_networks_are_torchvisions_with_random_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Any] = []

    class Detection:
        def __getattr__(self, name: str) -> Any:
            def build(**options: None) -> nn.Module:
                built.append((name, options))
                return nn.Identity()

            return build

    monkeypatch.setattr("torchvision.models.detection", Detection())
    monkeypatch.setattr("sppnet.tools.benchmarks.race.exported", lambda network, threads: len)

    contenders = networks(0, "cpu")

    plain, exported = contenders[::2], contenders[1::2]
    assert built == [(contender.name, {"weights": None, "weights_backbone": None}) for contender in plain]
    assert [each.name for each in exported] == [f"{each.name}, onnxruntime" for each in plain]
    assert all("random weights, time only" in contender.note for contender in contenders)


def test_a_network_has_one_stage_and_no_objects() -> None:
    class Layer(nn.Module):
        def forward(self, images: list[torch.Tensor]) -> torch.Tensor:
            return images[0].flatten(0, 1) @ torch.ones(128, 2)

    lap = Network("net", "", Layer(), "cpu").run(square_image(0)[0], np.zeros((0, 4), np.float32))

    assert list(lap.milliseconds) == ["network"]
    assert lap.objects is None
    assert lap.work["network"].operations == 2 * 3 * 96 * 128 * 2
