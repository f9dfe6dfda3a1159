"""Tests of weights files: what is written is what `load_backbone` reads."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from sppnet.detector.backbone.preprocessing import PREPROCESSINGS
from sppnet.detector.backbone.weights import load_backbone, save_weights


def test_written_weights_are_loaded_with_their_preprocessing(tmp_path: Path) -> None:
    layers = load_backbone("small", "random", seed=3).layers  # channels last in memory

    save_weights(tmp_path / "net.safetensors", layers, PREPROCESSINGS["caffe"], {"backbone": "small"})

    backbone = load_backbone("small", tmp_path / "net.safetensors")
    assert backbone.preprocessing == PREPROCESSINGS["caffe"]
    torch.testing.assert_close(backbone.layers.state_dict(), layers.state_dict(), rtol=1e-3, atol=1e-6)


def test_tensors_have_torchvisions_names_and_half_precision(tmp_path: Path) -> None:
    save_weights(tmp_path / "n.safetensors", load_backbone("zf5", "random").layers, PREPROCESSINGS["release"], {})

    tensors = load_file(tmp_path / "n.safetensors")
    assert tensors.keys() == {f"features.{layer}.{kind}" for layer in (0, 4, 8, 10, 12) for kind in ("weight", "bias")}
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}


def test_the_same_weights_give_the_same_bytes(tmp_path: Path) -> None:
    backbone = load_backbone("small", "random")
    metadata = dict.fromkeys("abcdefgh", "é")

    for name in ("one.safetensors", "other.safetensors"):
        save_weights(tmp_path / name, backbone.layers, backbone.preprocessing, metadata)

    assert (tmp_path / "one.safetensors").read_bytes() == (tmp_path / "other.safetensors").read_bytes()
    assert load_file(tmp_path / "one.safetensors").keys() == load_file(tmp_path / "other.safetensors").keys()
