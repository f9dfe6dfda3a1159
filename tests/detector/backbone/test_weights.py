"""Tests of weights files: what is written is what `load_backbone` reads."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from sppnet.detector import ModelError
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


def saved(content: object) -> bytes:
    """Return the bytes that torch.save writes."""
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def archive_of(name: str) -> bytes:
    """Return a zip archive that holds one file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "")
    return file.getvalue()


MODULE = saved(torch.nn.Linear(2, 2))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "it is empty"),
        (b"<!DOCTYPE html><html>quota exceeded</html>", "it is a web page or XML"),
        (b"\xef\xbb\xbf\r\n<html>", "it is a web page or XML"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "it is a pointer of Git LFS"),
        (b"\x89HDF\r\n\x1a\n", r"it is damaged or of another kind, and begins with b'\\x89HDF"),
        (MODULE, "it holds pickled objects of Python, such as a whole module"),
        (MODULE[:-100], "it is damaged"),
        (archive_of("net/constants.pkl"), "it is a program of TorchScript"),
        (archive_of("readme.txt"), "it is an archive of something else"),
    ],
)
def test_a_file_that_holds_no_weights_is_told_by_what_it_is(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "net.pth").write_bytes(content)

    with pytest.raises(
        ModelError, match=rf"net\.pth: the weights cannot be read: {kind}.*; what is taken is"
    ) as caught:
        load_backbone("small", tmp_path / "net.pth")

    assert "weights_only" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"<html></html>", b"\x08\0\0\0\0\0\0\0{}"])
def test_so_is_one_named_safetensors(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "net.safetensors").write_bytes(content)

    with pytest.raises(ModelError, match=r"cannot be read: it is .*; what is taken is a \.safetensors file"):
        load_backbone("small", tmp_path / "net.safetensors")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({"epoch": 3, "state_dict": {}}, "its 'epoch' is a int"),
        ({0: torch.zeros(2)}, "one is called 0"),
        (torch.zeros(2), "holds a Tensor"),
    ],
)
def test_what_is_not_a_named_tensor_is_named(tmp_path: Path, content: object, found: str) -> None:
    (tmp_path / "net.pt").write_bytes(saved(content))

    with pytest.raises(ModelError, match=f"must hold named tensors only, and {found}"):
        load_backbone("small", tmp_path / "net.pt")


def test_a_file_beside_the_weights_does_not_matter_where_the_preprocessing_is_named(tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(saved(load_backbone("small", "random").layers.state_dict()))
    (tmp_path / "net.json").write_text('{"epochs": 3}')

    backbone = load_backbone("small", tmp_path / "net.pth", preprocessing="caffe")

    assert backbone.preprocessing == PREPROCESSINGS["caffe"]


@pytest.mark.parametrize("change", [torch.Tensor.int, lambda tensor: tensor.to("meta")])
def test_tensors_of_another_kind_are_refused(tmp_path: Path, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    tensors = load_backbone("small", "random").layers.state_dict()
    first = next(iter(tensors))
    (tmp_path / "net.pth").write_bytes(saved(tensors | {first: change(tensors[first])}))

    with pytest.raises(ModelError, match=r"net\.pth: the tensor '0.weight' must be of plain floating-point numbers"):
        load_backbone("small", tmp_path / "net.pth")
