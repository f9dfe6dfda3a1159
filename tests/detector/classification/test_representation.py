"""Vectors of whole images: one length for all sizes, one pass for all layers, and what each framing shows."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from sppnet.detector import InputError, load_backbone
from sppnet.detector.backbone.backbone import Backbone, to_tensor
from sppnet.detector.classification.representation import Framing, ImageFeatures, layer_names, normalised
from sppnet.detector.pooling.pyramid_layer import PyramidPooling

ALL_LAYERS = ("conv1", "conv2", "pool", "spp", "mean", "fc")


def picture(height: int, width: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng([height, width]).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def backbone(tiny_backbone: Backbone) -> Backbone:
    """Two conv layers, and the scores of three classes as SqueezeNet's weights hold them, in half precision."""
    backbone = tiny_backbone.with_layers(tiny_backbone.layers)
    generator = torch.Generator().manual_seed(0)
    backbone.fully_connected = {
        "classifier.1.weight": torch.randn(3, 8, 1, 1, generator=generator).half(),
        "classifier.1.bias": torch.tensor([0.5, -0.5, 0]).half(),
    }
    return backbone


def last_map(backbone: Backbone, image: npt.NDArray[np.uint8]) -> torch.Tensor:
    return to_tensor(backbone.map(image, 48))


@pytest.mark.parametrize("size", [(1, 1), (4, 1), (30, 45), (600, 150)])
@pytest.mark.parametrize("framing", ["full", "crop", "warp"])
def test_vectors_have_one_length_for_all_sizes(backbone: Backbone, size: tuple[int, int], framing: Framing) -> None:
    features = ImageFeatures(backbone, ALL_LAYERS, scale=48, framing=framing)

    vector = features([picture(*size)])

    assert vector.shape == (1, 8 * 50 + 8 * 50 + 8 * 36 + 8 * 50 + 8 + 3)
    assert np.linalg.norm(vector) == pytest.approx(1)


def test_the_whole_image_is_the_pyramid_of_its_map(backbone: Backbone) -> None:
    image = picture(40, 70)

    vector = ImageFeatures(backbone, scale=48)([image])[0]

    expected = PyramidPooling()(last_map(backbone, image))[0].numpy()
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), rtol=1e-5)


def test_mirrored_vectors_are_the_same_for_an_image_and_its_mirror_image(backbone: Backbone) -> None:
    image = picture(40, 70)
    mirror = np.ascontiguousarray(image[:, ::-1])

    features = ImageFeatures(backbone, ("spp", "mean"), scale=48, mirrored=True)
    plain = ImageFeatures(backbone, ("spp", "mean"), scale=48)

    vectors = features.vectors(image)
    for name, vector in features.vectors(mirror).items():
        np.testing.assert_array_equal(vector, vectors[name])
        expected = plain.vectors(image)[name] + plain.vectors(mirror)[name]
        np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), rtol=1e-6)
    assert features.key("spp") != plain.key("spp")


def test_other_levels_can_be_pooled(backbone: Backbone) -> None:
    assert ImageFeatures(backbone, scale=48, levels=(1, 4))([picture(40, 70)]).shape == (1, 8 * 17)


def test_pool_mean_and_fc_are_made_of_the_last_map(backbone: Backbone) -> None:
    image = picture(40, 70)

    vectors = ImageFeatures(backbone, ("pool", "mean", "fc"), scale=48).vectors(image)

    map = last_map(backbone, image)
    weight, bias = (backbone.fully_connected[f"classifier.1.{name}"].float() for name in ("weight", "bias"))
    scores = torch.einsum("kc,bchw->bkhw", weight[:, :, 0, 0], map) + bias[:, None, None]
    np.testing.assert_allclose(vectors["pool"], normalised(PyramidPooling((6,))(map)[0].numpy()), rtol=1e-5)
    np.testing.assert_allclose(vectors["mean"], normalised(map.mean((2, 3))[0].numpy()), rtol=1e-5)
    np.testing.assert_allclose(vectors["fc"], normalised(scores.clamp(min=0).mean((2, 3))[0].numpy()), rtol=1e-4)


def test_layers_of_one_pass_are_those_of_separate_passes(backbone: Backbone) -> None:
    image = picture(50, 60)

    together = ImageFeatures(backbone, ALL_LAYERS, scale=48).vectors(image)

    apart = {name: ImageFeatures(backbone, (name,), scale=48).vectors(image)[name] for name in ALL_LAYERS}
    assert tuple(together) == ALL_LAYERS
    assert all(np.array_equal(together[name], apart[name]) for name in ALL_LAYERS)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[int, ...], int]]:
    """The shape of every image that a backbone convolves, and its scale."""
    passes: list[tuple[tuple[int, ...], int]] = []
    maps_of = Backbone.maps_of

    def note(self: Backbone, image: npt.NDArray[np.uint8], scale: int, names: Sequence[str]) -> dict[str, Any]:
        passes.append((image.shape, scale))
        return maps_of(self, image, scale, names)

    monkeypatch.setattr(Backbone, "maps_of", note)
    return passes


@pytest.mark.parametrize(("framing", "shape"), [("full", (40, 70, 3)), ("crop", (40, 40, 3)), ("warp", (48, 48, 3))])
def test_an_image_is_convolved_once_in_the_shape_of_its_framing(
    backbone: Backbone, seen: list[tuple[tuple[int, ...], int]], framing: Framing, shape: tuple[int, ...]
) -> None:
    ImageFeatures(backbone, ALL_LAYERS, scale=48, framing=framing).vectors(picture(40, 70))

    assert seen == [(shape, 48)]


def test_a_crop_is_the_square_in_the_middle(backbone: Backbone) -> None:
    wide, tall = picture(40, 70), picture(71, 40)

    crops = ImageFeatures(backbone, scale=48, framing="crop")([wide, tall])

    np.testing.assert_array_equal(crops, ImageFeatures(backbone, scale=48)([wide[:, 15:55], tall[15:55]]))


def test_a_warp_has_all_of_the_image_in_a_square(backbone: Backbone) -> None:
    image = picture(40, 70)

    warped = ImageFeatures(backbone, scale=48, framing="warp")([image])

    square = np.asarray(cv2.resize(image, (48, 48), interpolation=cv2.INTER_LINEAR), np.uint8)
    np.testing.assert_array_equal(warped, ImageFeatures(backbone, scale=48)([square]))


def test_layers_are_put_side_by_side_each_of_the_same_length(backbone: Backbone) -> None:
    features = ImageFeatures(backbone, ("spp", "mean"), scale=48)
    image = picture(40, 70)

    vector = features([image])[0]

    vectors = features.vectors(image)
    np.testing.assert_allclose(vector, np.concatenate([vectors["spp"], vectors["mean"]]) / np.sqrt(2), rtol=1e-5)


def test_no_images_have_no_vectors(backbone: Backbone) -> None:
    assert ImageFeatures(backbone, scale=48)([]).shape == (0, 400)


def test_vectors_have_length_1_and_those_of_zeros_stay() -> None:
    vectors = np.array([[3, 4], [0, 0]], np.float32)

    np.testing.assert_allclose(normalised(vectors), [[0.6, 0.8], [0.0, 0.0]])


def test_bfloat16_gives_nearly_the_same_vectors(backbone: Backbone) -> None:
    half = Backbone("tiny", backbone.with_layers(backbone.layers).layers, backbone.preprocessing, precision="bfloat16")
    image = picture(40, 70)

    vector = ImageFeatures(half, scale=48)([image])

    assert vector.dtype == np.float32
    np.testing.assert_allclose(vector, ImageFeatures(backbone, scale=48)([image]), atol=0.01)


def test_blocks_are_numbered_as_in_the_papers() -> None:
    squeezenet, zf5 = (layer_names(load_backbone(name, "random")) for name in ("squeezenet1_1", "zf5"))

    early, late = (tuple(f"fire{number}" for number in range(*ends)) for ends in ((2, 6), (6, 10)))
    assert squeezenet == ("conv1", *early, "pool5", *late, "pool", "spp", "mean")
    assert zf5 == ("conv1", "conv2", "norm2", "pool2", "conv3", "conv4", "conv5", "pool", "spp", "mean")


def test_class_scores_need_a_convolution_in_the_weights(backbone: Backbone) -> None:
    fully_connected = backbone.with_layers(backbone.layers)
    fully_connected.fully_connected = {"classifier.1.weight": torch.zeros(3, 8), "classifier.1.bias": torch.zeros(3)}

    assert "fc" in layer_names(backbone)
    assert "fc" not in layer_names(fully_connected)


def test_a_layer_that_is_not_there_is_named(tiny_backbone: Backbone) -> None:
    with pytest.raises(InputError, match="there is no layer 'fc' of tiny; there are conv1, conv2, pool, spp, mean"):
        ImageFeatures(tiny_backbone, ("spp", "fc"))


@pytest.mark.parametrize("wrong", [{"scale": 0}, {"framing": "half"}, {"layers": ()}, {"levels": ()}])
def test_settings_out_of_range_are_refused(backbone: Backbone, wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match="must be"):
        ImageFeatures(backbone, **wrong)  # type: ignore[arg-type]


def test_an_image_of_another_type_is_named(backbone: Backbone) -> None:
    with pytest.raises(InputError, match="image 1: must be a uint8 array"):
        ImageFeatures(backbone, scale=48)([picture(4, 4), np.zeros((4, 4), np.uint8)])


def test_keys_tell_apart_what_vectors_depend_on(backbone: Backbone, tiny_backbone: Backbone) -> None:
    features = [
        ImageFeatures(backbone, ("spp", "mean")),
        ImageFeatures(backbone, ("spp", "mean"), scale=224),
        ImageFeatures(backbone, ("spp", "mean"), framing="warp"),
        ImageFeatures(backbone, ("spp", "mean"), levels=(1, 2)),
        ImageFeatures(tiny_backbone, ("spp", "mean")),
    ]

    assert len({one.key(layer) for one in features for layer in one.layers}) == 10
    assert features[0].key("spp") == ImageFeatures(backbone).key("spp")
