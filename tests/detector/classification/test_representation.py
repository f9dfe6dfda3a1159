"""Vectors of whole images: one length for all sizes, one pass for all layers, and what each view shows."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from sppnet.detector import InputError, load_trunk
from sppnet.detector.backbone.backbone import Trunk, to_tensor
from sppnet.detector.classification.representation import ImageFeatures, View, layer_names, normalised
from sppnet.detector.pooling.pyramid import PyramidPooling

ALL_LAYERS = ("conv1", "conv2", "pool", "spp", "mean", "fc")
SIZES = [(side * height, side * width) for side in (1, 15, 40, 64, 150) for height, width in ((1, 1), (2, 3), (4, 1))]


def picture(height: int, width: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng([height, width]).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def trunk(tiny_trunk: Trunk) -> Trunk:
    """Two conv layers, and the scores of three classes as SqueezeNet's weights hold them, in half precision."""
    trunk = tiny_trunk.with_layers(tiny_trunk.layers)
    generator = torch.Generator().manual_seed(0)
    trunk.classifier = {
        "classifier.1.weight": torch.randn(3, 8, 1, 1, generator=generator).half(),
        "classifier.1.bias": torch.tensor([0.5, -0.5, 0]).half(),
    }
    return trunk


def last_map(trunk: Trunk, image: npt.NDArray[np.uint8]) -> torch.Tensor:
    return to_tensor(trunk.map(image, 48))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", ["full", "crop", "warp"])
def test_vectors_have_one_length_for_all_sizes(trunk: Trunk, size: tuple[int, int], view: View) -> None:
    features = ImageFeatures(trunk, ALL_LAYERS, scale=48, view=view)

    vector = features([picture(*size)])

    assert vector.shape == (1, 8 * 50 + 8 * 50 + 8 * 36 + 8 * 50 + 8 + 3)
    assert np.isfinite(vector).all()


def test_the_whole_image_is_the_pyramid_of_its_map(trunk: Trunk) -> None:
    image = picture(40, 70)

    vector = ImageFeatures(trunk, scale=48)([image])[0]

    expected = PyramidPooling()(last_map(trunk, image))[0].numpy()
    np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), rtol=1e-5)


def test_mirrored_vectors_are_the_same_for_an_image_and_its_mirror_image(trunk: Trunk) -> None:
    image = picture(40, 70)
    mirror = np.ascontiguousarray(image[:, ::-1])

    features = ImageFeatures(trunk, ("spp", "mean"), scale=48, mirrored=True)
    plain = ImageFeatures(trunk, ("spp", "mean"), scale=48)

    vectors = features.vectors(image)
    for name, vector in features.vectors(mirror).items():
        np.testing.assert_array_equal(vector, vectors[name])
        expected = plain.vectors(image)[name] + plain.vectors(mirror)[name]
        np.testing.assert_allclose(vector, expected / np.linalg.norm(expected), rtol=1e-6)
    assert features.key("spp") != plain.key("spp")


def test_other_levels_can_be_pooled(trunk: Trunk) -> None:
    assert ImageFeatures(trunk, scale=48, levels=(1, 4))([picture(40, 70)]).shape == (1, 8 * 17)


def test_pool_mean_and_fc_are_made_of_the_last_map(trunk: Trunk) -> None:
    image = picture(40, 70)

    vectors = ImageFeatures(trunk, ("pool", "mean", "fc"), scale=48).vectors(image)

    map = last_map(trunk, image)
    weight, bias = (trunk.classifier[f"classifier.1.{name}"].float() for name in ("weight", "bias"))
    scores = torch.einsum("kc,bchw->bkhw", weight[:, :, 0, 0], map) + bias[:, None, None]
    np.testing.assert_allclose(vectors["pool"], normalised(PyramidPooling((6,))(map)[0].numpy()), rtol=1e-5)
    np.testing.assert_allclose(vectors["mean"], normalised(map.mean((2, 3))[0].numpy()), rtol=1e-5)
    np.testing.assert_allclose(vectors["fc"], normalised(scores.clamp(min=0).mean((2, 3))[0].numpy()), rtol=1e-4)


def test_layers_of_one_pass_are_those_of_separate_passes(trunk: Trunk) -> None:
    image = picture(50, 60)

    together = ImageFeatures(trunk, ALL_LAYERS, scale=48).vectors(image)

    apart = {name: ImageFeatures(trunk, (name,), scale=48).vectors(image)[name] for name in ALL_LAYERS}
    assert tuple(together) == ALL_LAYERS
    assert all(np.array_equal(together[name], apart[name]) for name in ALL_LAYERS)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[int, ...], int]]:
    """The shape of every image that a trunk convolves, and its scale."""
    passes: list[tuple[tuple[int, ...], int]] = []
    maps_after = Trunk.maps_after

    def note(self: Trunk, image: npt.NDArray[np.uint8], scale: int, depths: Sequence[int]) -> list[torch.Tensor]:
        passes.append((image.shape, scale))
        return maps_after(self, image, scale, depths)

    monkeypatch.setattr(Trunk, "maps_after", note)
    return passes


@pytest.mark.parametrize(("view", "shape"), [("full", (40, 70, 3)), ("crop", (40, 40, 3)), ("warp", (48, 48, 3))])
def test_an_image_is_convolved_once_in_the_shape_of_its_view(
    trunk: Trunk, seen: list[tuple[tuple[int, ...], int]], view: View, shape: tuple[int, ...]
) -> None:
    ImageFeatures(trunk, ALL_LAYERS, scale=48, view=view).vectors(picture(40, 70))

    assert seen == [(shape, 48)]


def test_a_crop_is_the_square_in_the_middle(trunk: Trunk) -> None:
    wide, tall = picture(40, 70), picture(71, 40)

    crops = ImageFeatures(trunk, scale=48, view="crop")([wide, tall])

    np.testing.assert_array_equal(crops, ImageFeatures(trunk, scale=48)([wide[:, 15:55], tall[15:55]]))


def test_a_warp_has_all_of_the_image_in_a_square(trunk: Trunk) -> None:
    image = picture(40, 70)

    warped = ImageFeatures(trunk, scale=48, view="warp")([image])

    square = np.asarray(cv2.resize(image, (48, 48), interpolation=cv2.INTER_LINEAR), np.uint8)
    np.testing.assert_array_equal(warped, ImageFeatures(trunk, scale=48)([square]))


def test_layers_are_put_side_by_side_each_of_the_same_length(trunk: Trunk) -> None:
    features = ImageFeatures(trunk, ("spp", "mean"), scale=48)
    image = picture(40, 70)

    vector = features([image])[0]

    vectors = features.vectors(image)
    np.testing.assert_allclose(vector, np.concatenate([vectors["spp"], vectors["mean"]]) / np.sqrt(2), rtol=1e-5)


def test_no_images_have_no_vectors(trunk: Trunk) -> None:
    assert ImageFeatures(trunk, scale=48)([]).shape == (0, 400)


def test_vectors_have_length_1_and_those_of_zeros_stay() -> None:
    vectors = np.array([[3, 4], [0, 0]], np.float32)

    np.testing.assert_allclose(normalised(vectors), [[0.6, 0.8], [0.0, 0.0]])


def test_bfloat16_gives_nearly_the_same_vectors(trunk: Trunk) -> None:
    half = Trunk("tiny", trunk.with_layers(trunk.layers).layers, trunk.preprocessing, precision="bfloat16")
    image = picture(40, 70)

    vector = ImageFeatures(half, scale=48)([image])

    assert vector.dtype == np.float32
    np.testing.assert_allclose(vector, ImageFeatures(trunk, scale=48)([image]), atol=0.01)


def test_blocks_are_numbered_as_in_the_papers() -> None:
    squeezenet, zf5 = (layer_names(load_trunk(name, "random")) for name in ("squeezenet1_1", "zf5"))

    assert squeezenet == ("conv1", *(f"fire{number}" for number in range(2, 10)), "pool", "spp", "mean")
    assert zf5 == ("conv1", "conv2", "conv3", "conv4", "conv5", "pool", "spp", "mean")


def test_class_scores_need_a_convolution_in_the_weights(trunk: Trunk) -> None:
    fully_connected = trunk.with_layers(trunk.layers)
    fully_connected.classifier = {"classifier.1.weight": torch.zeros(3, 8), "classifier.1.bias": torch.zeros(3)}

    assert "fc" in layer_names(trunk)
    assert "fc" not in layer_names(fully_connected)


def test_a_layer_that_is_not_there_is_named(tiny_trunk: Trunk) -> None:
    with pytest.raises(InputError, match="there is no layer 'fc' of tiny; there are conv1, conv2, pool, spp, mean"):
        ImageFeatures(tiny_trunk, ("spp", "fc"))


@pytest.mark.parametrize("wrong", [{"scale": 0}, {"view": "half"}, {"layers": ()}, {"levels": ()}])
def test_settings_out_of_range_are_refused(trunk: Trunk, wrong: dict[str, int]) -> None:
    with pytest.raises(InputError, match="must be"):
        ImageFeatures(trunk, **wrong)  # type: ignore[arg-type]


def test_an_image_of_another_type_is_named(trunk: Trunk) -> None:
    with pytest.raises(InputError, match="image 1: must be a uint8 array"):
        ImageFeatures(trunk, scale=48)([picture(4, 4), np.zeros((4, 4), np.uint8)])


def test_keys_tell_apart_what_vectors_depend_on(trunk: Trunk, tiny_trunk: Trunk) -> None:
    features = [
        ImageFeatures(trunk, ("spp", "mean")),
        ImageFeatures(trunk, ("spp", "mean"), scale=224),
        ImageFeatures(trunk, ("spp", "mean"), view="warp"),
        ImageFeatures(trunk, ("spp", "mean"), levels=(1, 2)),
        ImageFeatures(tiny_trunk, ("spp", "mean")),
    ]

    assert len({one.key(layer) for one in features for layer in one.layers}) == 10
    assert features[0].key("spp") == ImageFeatures(trunk).key("spp")
