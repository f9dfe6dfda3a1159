"""Tests of what weights expect of an image, and of where that is stored."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from sppnet.detector.backbone.preprocessing import PREPROCESSINGS, Preprocessing, resized_size, stored_preprocessing
from sppnet.detector.errors import InputError, ModelError

WEIGHTS = {"0.weight": torch.zeros(1)}


def test_caffe_preprocessing_swaps_channels_and_subtracts_means_of_0_to_255() -> None:
    image = np.array([[[10, 20, 30]]], np.uint8)

    pixels = PREPROCESSINGS["caffe"](image)

    np.testing.assert_allclose(pixels.flatten(), [30 - 104, 20 - 117, 10 - 123], atol=1e-4)


def test_a_file_named_caffe_gets_caffes_preprocessing(tmp_path: Path) -> None:
    save_file(WEIGHTS, tmp_path / "net_caffe.safetensors")

    assert stored_preprocessing(tmp_path / "net_caffe.safetensors") == PREPROCESSINGS["caffe"]


def test_the_preprocessing_can_be_stored_in_the_file(tmp_path: Path) -> None:
    stored = {"order": "bgr", "range": 1.0, "mean": [0.1, 0.2, 0.3], "std": [1, 1, 2]}
    save_file(WEIGHTS, tmp_path / "net.safetensors", {"preprocessing": json.dumps(stored)})

    found = stored_preprocessing(tmp_path / "net.safetensors")

    assert found == Preprocessing("bgr", 1.0, (0.1, 0.2, 0.3), (1, 1, 2))


def test_the_preprocessing_can_be_stored_beside_the_file(tmp_path: Path) -> None:
    torch.save(WEIGHTS, tmp_path / "net.pth")
    (tmp_path / "net.json").write_text('{"order": "rgb", "range": 255, "mean": [1, 2, 3], "std": [1, 1, 1]}')

    assert stored_preprocessing(tmp_path / "net.pth").mean == (1, 2, 3)


def test_a_broken_stored_preprocessing_is_named(tmp_path: Path) -> None:
    save_file(WEIGHTS, tmp_path / "net.safetensors", {"preprocessing": '{"order": "rgb"}'})

    with pytest.raises(ModelError, match=r"net.safetensors: what the weights expect .* range, mean, std, and this has"):
        stored_preprocessing(tmp_path / "net.safetensors")


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ("[1, 2]", "must hold a JSON object"),
        ('{"epochs": 3}', r"what the weights expect of an image is told by order, .*, and this has \['epochs'\]"),
        ('{"a": ' * 100_000 + "1" + "}" * 100_000, "cannot be read as JSON"),
        ('{"order": "rgb", "range": "255", "mean": [1, 2, 3], "std": [1, 1, 1]}', "range must be a number from"),
        (
            '{"order": "rgb", "range": 255, "mean": [1, 2, NaN], "std": [1, 1, 1]}',
            "mean must be a list of 3 to 3",
        ),
        ('{"order": "rgb", "range": 255, "mean": [1, 2, 3], "std": [1, 0, 1]}', "std must be a list of 3 to 3"),
    ],
)
def test_another_file_beside_the_weights_is_named(tmp_path: Path, content: str, rule: str) -> None:
    torch.save(WEIGHTS, tmp_path / "net.pth")
    (tmp_path / "net.json").write_text(content)

    with pytest.raises(ModelError, match=rf"net\.json: .*{rule}"):
        stored_preprocessing(tmp_path / "net.pth")


@pytest.mark.parametrize(
    ("size", "scale", "resized"),
    [
        ((375, 500), 600, (600, 800)),
        ((500, 375), 600, (800, 600)),
        ((333, 500), 600, (600, 901)),
        ((4, 5), 6, (6, 8)),
        ((100, 1000), 600, (240, 2400)),
        ((1, 30_000), 600, (1, 2400)),
    ],
)
def test_an_image_is_resized_by_its_short_side_up_to_the_cap(
    size: tuple[int, int], scale: int, resized: tuple[int, int]
) -> None:
    assert resized_size(size, scale) == resized


def test_without_a_cap_the_long_side_follows() -> None:
    assert resized_size((100, 1000), 600, max_side=None) == (600, 6000)


def test_an_empty_image_cannot_be_resized() -> None:
    with pytest.raises(InputError, match=r"\(0, 5\)"):
        resized_size((0, 5), 600)
