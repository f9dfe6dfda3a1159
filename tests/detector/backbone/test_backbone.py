"""Tests of the conv layers: geometry proved pixel by pixel, weights files, preprocessing."""

import json
from pathlib import Path
from urllib.error import URLError

import numpy as np
import numpy.typing as npt
import pytest
import torch
import torchvision
from safetensors.torch import save_file

from sppnet.detector.backbone.backbone import Backbone, to_tensor
from sppnet.detector.backbone.preprocessing import PREPROCESSINGS
from sppnet.detector.backbone.weights import backbone_from, load_backbone, save_weights
from sppnet.detector.errors import InputError, ModelError

GREY = np.full((400, 400, 3), 128, np.uint8)


@pytest.fixture
def weights() -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    return dict(torchvision.models.squeezenet1_1(weights=None).state_dict())


@pytest.mark.parametrize(
    ("name", "geometry"),
    [
        ("squeezenet1_1", (16, 15, 207, 512)),
        ("alexnet", (16, 15, 163, 256)),
        ("zf5", (16, 20, 139, 256)),
        ("small", (16, 15, 215, 256)),
    ],
)
def test_the_geometry_is_the_one_worked_out_by_hand(name: str, geometry: tuple[int, int, int, int]) -> None:
    last = load_backbone(name, "random").last

    assert (last.stride, last.first_centre, last.receptive_field, last.channels) == geometry


@pytest.mark.parametrize(("side", "cells"), [(224, 13), (480, 29), (688, 42)])
def test_zf5_maps_have_the_sizes_of_the_release(side: int, cells: int) -> None:
    image = np.zeros((side, side, 3), np.uint8)

    assert load_backbone("zf5", "random").map(image, side).shape == (cells, cells, 256)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (300, 1, 3)])
def test_the_thinnest_images_have_a_map(shape: tuple[int, int, int]) -> None:
    maps = load_backbone("alexnet", "random").map(np.zeros(shape, np.uint8), 96, max_side=400)

    assert min(maps.shape) >= 1 and np.isfinite(maps).all()


def test_the_map_is_what_the_layers_give_on_the_preprocessed_image() -> None:
    backbone = load_backbone("alexnet", "random")
    image = np.random.default_rng(0).integers(0, 256, (200, 240, 3)).astype(np.uint8)
    mean, std = np.array(backbone.preprocessing.mean), np.array(backbone.preprocessing.std)
    pixels = torch.from_numpy(((image / 255 - mean) / std).astype(np.float32)).permute(2, 0, 1)[None]

    maps = backbone.map(image, 200)

    with torch.inference_mode():
        expected = backbone.layers(pixels)[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(maps, expected, rtol=1e-3, atol=1e-4)


def test_small_maps_have_the_cells_of_squeezenets(photo: npt.NDArray[np.uint8]) -> None:
    small, large = (load_backbone(name, "random").map(photo, 233) for name in ("small", "squeezenet1_1"))

    assert small.shape[:2] == large.shape[:2]


def test_a_preprocessing_that_does_not_exist_is_named() -> None:
    with pytest.raises(InputError, match="there is no preprocessing 'grey'; there are lite, torchvision, caffe"):
        load_backbone("small", "random", preprocessing="grey")


def test_weights_that_cannot_be_downloaded_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr(torchvision.models._api, "load_state_dict_from_url", offline)

    with pytest.raises(ModelError, match=r"weights of alexnet could not be downloaded \(.*no network.*\): give a file"):
        load_backbone("alexnet", "imagenet")


def test_there_are_no_imagenet_weights_of_the_small_backbone() -> None:
    with pytest.raises(ModelError, match="there are no ImageNet weights for 'small'"):
        load_backbone("small")


def test_random_weights_depend_on_the_seed_alone() -> None:
    one, again, other = (load_backbone("zf5", "random", seed=seed).fingerprint() for seed in (0, 0, 1))

    assert one == again != other


def test_a_weights_file_is_loaded_with_torchvisions_preprocessing(
    tmp_path: Path, weights: dict[str, torch.Tensor]
) -> None:
    save_file(weights, tmp_path / "net.safetensors")

    backbone = load_backbone("squeezenet1_1", tmp_path / "net.safetensors")

    assert torch.equal(backbone.layers.state_dict()["0.weight"], weights["features.0.weight"])
    assert backbone.preprocessing == PREPROCESSINGS["torchvision"]


def test_a_pth_file_gives_the_same_backbone(tmp_path: Path, weights: dict[str, torch.Tensor]) -> None:
    save_file(weights, tmp_path / "net.safetensors")
    torch.save(weights, tmp_path / "net.pth")

    files = [load_backbone("squeezenet1_1", tmp_path / name) for name in ("net.safetensors", "net.pth")]

    assert files[0].fingerprint() == files[1].fingerprint()


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    """The files of a detector that `load_backbone` reads, in a folder."""
    layers = load_backbone("small", "random", seed=3).layers.state_dict()
    tensors = {f"backbone.{name}": tensor.half().contiguous() for name, tensor in layers.items()}
    save_file({**tensors, "weights": torch.zeros(1)}, tmp_path / "model.safetensors")
    release = {"order": "bgr", "range": 255.0, "mean": [128.0] * 3, "std": [1.0] * 3}
    (tmp_path / "config.json").write_text(json.dumps({"format": 4, "backbone": "small", "preprocessing": release}))
    return tmp_path


def test_the_conv_layers_of_a_detector_are_taken(detector: Path) -> None:
    backbone, given = load_backbone("small", detector), load_backbone("small", "random", seed=3)

    for name, tensor in given.layers.state_dict().items():
        assert torch.equal(backbone.layers.state_dict()[name], tensor.half().float())
    assert backbone.preprocessing == PREPROCESSINGS["release"]


def test_those_of_a_bundled_detector_are_taken_by_name(
    detector: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sppnet.detector.files.model_folder.BUNDLED", detector.parent)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    backbone = load_backbone("small", detector.name, preprocessing="caffe")

    assert backbone.fingerprint() != load_backbone("small", "random").fingerprint()
    assert backbone.preprocessing == PREPROCESSINGS["caffe"]


def test_a_detector_of_another_backbone_is_refused(detector: Path) -> None:
    with pytest.raises(ModelError, match="its conv layers are those of 'small', not of 'squeezenet1_1'"):
        load_backbone("squeezenet1_1", detector)


def test_a_damaged_detector_is_refused(detector: Path) -> None:
    (detector / "config.json").write_text('{"format": 4, "backbone": "small", "preprocessing": {"order": "bgr"}}')
    with pytest.raises(ModelError, match=r"config\.json: what the weights expect of an image is told by"):
        load_backbone("small", detector)


def test_a_tensor_of_another_shape_is_named(tmp_path: Path, weights: dict[str, torch.Tensor]) -> None:
    save_file(weights, tmp_path / "net.safetensors")

    with pytest.raises(ModelError, match=r"net.safetensors: the tensor '0.weight' must have the shape"):
        load_backbone("alexnet", tmp_path / "net.safetensors")


def test_weights_that_are_not_finite_are_refused(tmp_path: Path, weights: dict[str, torch.Tensor]) -> None:
    weights["features.0.weight"][0, 0, 0, 0] = float("nan")
    save_file(weights, tmp_path / "net.safetensors")

    with pytest.raises(ModelError, match="not finite"):
        load_backbone("squeezenet1_1", tmp_path / "net.safetensors")


@pytest.mark.parametrize("name", ["net.safetensors", "net.pth"])
def test_a_file_of_noise_is_one_clear_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x80noise" * 50)

    with pytest.raises(ModelError, match=f"{name}: the weights cannot be read"):
        load_backbone("squeezenet1_1", tmp_path / name)


def test_a_pickle_with_code_is_refused(tmp_path: Path) -> None:
    torch.save({"features.0.weight": Path("anything")}, tmp_path / "net.pth")

    with pytest.raises(ModelError, match="cannot be read"):
        load_backbone("squeezenet1_1", tmp_path / "net.pth")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no such weights file"):
        load_backbone("squeezenet1_1", tmp_path / "none.safetensors")


def test_an_unknown_backbone_is_named() -> None:
    with pytest.raises(InputError, match="there is no backbone 'vgg'"):
        load_backbone("vgg")


def maps_of_one_changed_pixel() -> npt.NDArray[np.uint8]:
    changed = GREY.copy()
    changed[200, 200] = 255
    return changed


def test_one_changed_pixel_moves_only_the_cells_that_see_it() -> None:
    backbone = load_backbone("squeezenet1_1", "random")

    difference = np.abs(backbone.map(maps_of_one_changed_pixel(), 400) - backbone.map(GREY, 400)).max(axis=2)

    moved = np.flatnonzero(difference.max(axis=0)) * backbone.last.stride + backbone.last.first_centre
    assert len(moved) and np.abs(moved - 200).max() <= backbone.last.receptive_field // 2


@pytest.fixture
def photo() -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (120, 160, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ("name", "map", "described"),
    [
        ("squeezenet1_1", "fire5", (8, 7, 256)),
        ("alexnet", "conv2", (8, 7, 192)),
        ("zf5", "norm2", (8, 12, 256)),
        ("small", "conv3", (8, 7, 96)),
    ],
)
def test_the_map_before_the_last_pooling_has_half_the_stride(
    name: str, map: str, described: tuple[int, int, int]
) -> None:
    found = load_backbone(name, "random").maps[map]

    assert (found.stride, found.first_centre, found.channels) == described


def test_several_maps_come_from_one_pass(pooled_backbone: Backbone, photo: npt.NDArray[np.uint8]) -> None:
    maps = pooled_backbone.maps_of(photo, 96, ("conv2", "conv1"))

    with torch.inference_mode():
        further = pooled_backbone.layers[2:](torch.as_tensor(maps["conv1"]))
    np.testing.assert_allclose(further, maps["conv2"], rtol=1e-4, atol=1e-5)
    assert list(maps) == ["conv1", "conv2"]
    assert maps["conv1"].shape == (1, 8, 46, 62) and maps["conv2"].shape == (1, 8, 22, 30)
    np.testing.assert_array_equal(pooled_backbone.map(photo, 96), np.asarray(maps["conv2"])[0].transpose(1, 2, 0))


def test_a_map_that_is_not_there_is_named(pooled_backbone: Backbone, photo: npt.NDArray[np.uint8]) -> None:
    with pytest.raises(InputError, match="pooled has no map 'fire9'; there are conv1, pool1, conv2"):
        pooled_backbone.maps_of(photo, 96, ("fire9",))


def test_an_engine_that_is_not_there_is_named(pooled_backbone: Backbone) -> None:
    with pytest.raises(InputError, match="there is no engine 'steam'; there are auto, onnx, torch"):
        Backbone("any", pooled_backbone.layers, pooled_backbone.preprocessing, engine="steam")


def test_images_of_one_size_are_convolved_together(pooled_backbone: Backbone, photo: npt.NDArray[np.uint8]) -> None:
    pixels = np.concatenate([pooled_backbone.preprocessing(image) for image in (photo, photo[::-1].copy())])

    maps = np.asarray(pooled_backbone.convolve(pixels))

    alone = pooled_backbone.maps_of(photo, 120, ("conv2",))["conv2"]
    np.testing.assert_allclose(maps[:1], alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["alexnet", "zf5", "small"])
def test_a_backbone_in_two_parts_gives_the_same_map(name: str, photo: npt.NDArray[np.uint8]) -> None:
    backbone = load_backbone(name, "random")

    stem, tail = backbone.split()

    with torch.inference_mode():
        map = tail(to_tensor(stem.map(photo, 96)))
    whole = backbone.maps_of(photo, 96, (backbone.last.name,))[backbone.last.name]
    np.testing.assert_allclose(map, whole, rtol=1e-4, atol=1e-4)
    assert stem.least_side == backbone.least_side


def test_a_layer_may_be_appended_to_the_second_part() -> None:
    _, tail = load_backbone("alexnet", "random").split()  # 6 layers, which were numbers 6 to 11

    assert len(tail.append(torch.nn.Identity())) == 7


def test_the_second_part_is_a_copy(pooled_backbone: Backbone) -> None:
    before = pooled_backbone.fingerprint()

    _, tail = pooled_backbone.split()
    tail.requires_grad_(True)
    with torch.no_grad():
        next(tail.parameters()).zero_()

    assert pooled_backbone.fingerprint() == before
    assert not any(parameter.requires_grad for parameter in pooled_backbone.layers.parameters())


def test_a_backbone_of_other_layers_leaves_these_as_they_are(pooled_backbone: Backbone) -> None:
    stem, tail = pooled_backbone.split()
    tail.requires_grad_(True)

    again = pooled_backbone.with_layers(torch.nn.Sequential(*stem.layers, *tail))

    assert all(parameter.requires_grad for parameter in tail.parameters())
    assert again.fingerprint() == pooled_backbone.fingerprint()
    assert (again.last, again.least_side) == (pooled_backbone.last, pooled_backbone.least_side)


@pytest.mark.parametrize("reduction", [3, 100])
def test_a_reduction_is_read_as_the_last_layer(pooled_name: str, pooled_backbone: Backbone, reduction: int) -> None:
    channels = min(reduction, 8)
    layers = torch.nn.Sequential(*pooled_backbone.layers, torch.nn.Conv2d(8, channels, 1))

    backbone = backbone_from(
        pooled_name, layers.state_dict(), pooled_backbone.preprocessing, "file", reduction=reduction
    )

    assert backbone.last.channels == channels
    assert torch.equal(backbone.layers[-1].weight, layers[-1].weight)  # type: ignore[arg-type]


def test_bfloat16_layers_give_nearly_the_same_maps(pooled_name: str, photo: npt.NDArray[np.uint8]) -> None:
    exact, rounded = (
        load_backbone(pooled_name, "random", precision=kind).map(photo, 96) for kind in ("float32", "bfloat16")
    )

    assert rounded.dtype == np.float32 and not np.array_equal(exact, rounded)
    assert np.abs(exact - rounded).max() < 0.02 * exact.max()  # bfloat16 has 8 bits


def test_maps_of_another_precision_are_told_apart(pooled_name: str) -> None:
    exact, rounded = (load_backbone(pooled_name, "random", precision=kind) for kind in ("float32", "bfloat16"))

    assert exact.fingerprint() != rounded.fingerprint()


def test_a_bfloat16_backbone_comes_in_two_parts_of_which_the_second_is_exact(
    pooled_name: str, photo: npt.NDArray[np.uint8]
) -> None:
    backbone = load_backbone(pooled_name, "random", precision="bfloat16")

    stem, tail = backbone.split()

    assert {parameter.dtype for parameter in tail.parameters()} == {torch.float32}
    with torch.inference_mode():
        map = tail(to_tensor(stem.map(photo, 96)))
    whole = torch.as_tensor(backbone.maps_of(photo, 96, (backbone.last.name,))[backbone.last.name])
    assert float((map - whole).abs().max()) < 0.02 * float(map.max())


def test_another_precision_is_refused() -> None:
    with pytest.raises(InputError, match="precision must be float32 or bfloat16, not 'float16'"):
        load_backbone("zf5", "random", precision="float16")  # type: ignore[arg-type]


def test_the_fully_connected_layers_of_a_weights_file_are_kept(tmp_path: Path) -> None:
    torch.manual_seed(1)
    weights = load_backbone("alexnet", "random").layers.state_dict()
    tensors = {f"features.{name}": tensor.contiguous() for name, tensor in weights.items()}
    save_file(tensors | {"classifier.1.weight": torch.ones(2, 3)}, tmp_path / "net.safetensors")

    backbone = load_backbone("alexnet", tmp_path / "net.safetensors")

    assert list(backbone.fully_connected) == ["classifier.1.weight"]


@pytest.mark.parametrize(("name", "side"), [("squeezenet1_1", 17), ("alexnet", 31), ("zf5", 31)])
def test_the_least_side_has_one_cell_and_one_pixel_less_has_none(name: str, side: int) -> None:
    backbone = load_backbone(name, "random", engine="torch")

    assert backbone.least_side == side
    assert backbone.convolve(np.zeros((1, 3, side, side), np.float32)).shape[2:] == (1, 1)
    with pytest.raises(RuntimeError):
        backbone.convolve(np.zeros((1, 3, side - 1, side - 1), np.float32))


def test_maps_of_several_depths_are_those_of_the_layers_up_to_there() -> None:
    backbone = load_backbone("zf5", "random")
    image = np.random.default_rng(0).integers(0, 256, (150, 160, 3)).astype(np.uint8)

    maps = backbone.maps_of(image, 150, ("conv1", "conv4", "conv5"))

    with torch.inference_mode():
        pixels = torch.from_numpy(backbone.preprocessing(image))
        expected = [backbone.layers[:depth](pixels) for depth in (2, 12, 14)]
    assert [map.shape[1] for map in maps.values()] == [96, 384, 256]
    torch.testing.assert_close([torch.as_tensor(map) for map in maps.values()], expected, rtol=1e-3, atol=1e-4)


def test_a_map_is_not_changed_by_the_layers_after_it() -> None:
    backbone = load_backbone("squeezenet1_1", "random")

    together, alone = (
        backbone.maps_of(GREY, 224, names)["conv1"] for names in (("conv1", "fire2", "fire3"), ("conv1",))
    )

    np.testing.assert_array_equal(together, alone)


def test_the_conv_layers_of_a_classifier_are_taken(tmp_path: Path) -> None:
    given = load_backbone("small", "random", seed=3, preprocessing="caffe")
    save_weights(tmp_path / "backbone.safetensors", given.layers, given.preprocessing, {}, half=False)

    backbone = load_backbone("small", tmp_path)

    assert backbone.fingerprint() == given.fingerprint()
    assert backbone.preprocessing == given.preprocessing


def test_a_path_means_what_its_text_does() -> None:
    assert load_backbone("small", Path("random")).fingerprint() == load_backbone("small", "random").fingerprint()
