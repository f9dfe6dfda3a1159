"""Tests of what weights expect of an image, and of where that is stored."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from sppnet.detector.backbone.preprocessing import PREPROCESSINGS, Preprocessing, stored_preprocessing
from sppnet.detector.errors import ModelError

WEIGHTS = {"0.weight": torch.zeros(1)}


def test_caffe_preprocessing_swaps_channels_and_subtracts_means_of_0_to_255() -> None:
    image = np.array([[[10, 20, 30]]], np.uint8)

    pixels = PREPROCESSINGS["caffe"](image)

    np.testing.assert_allclose(pixels.flatten().numpy(), [30 - 104, 20 - 117, 10 - 123], atol=1e-4)


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

    with pytest.raises(ModelError, match=r"net.safetensors: the preprocessing"):
        stored_preprocessing(tmp_path / "net.safetensors")
