"""Weights of backbones: files of tensors named as in torchvision's models, and what they expect of an image."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from ..errors import InputError, ModelError
from ..files.model_folder import (
    bundled,
    checked_settings,
    classifier_backbone,
    model_folder,
    read_detector,
)
from ..files.whole import write_whole
from ..types import Floats, Precision
from .backbone import Backbone
from .networks.layers import random_layers
from .networks.normalisation import remember
from .networks.table import BACKBONES, USUAL, network_of
from .preprocessing import PREPROCESSINGS, Preprocessing, preprocessing_from, stored_preprocessing


def weights_bytes(
    layers: nn.Sequential, preprocessing: Preprocessing, metadata: dict[str, str], *, half: bool = True
) -> bytes:
    """Return the content of a weights file: a backbone's tensors, in float16 if half, and the metadata."""
    # The format holds memory as it is, and conv weights lie channels last there.
    tensors = {
        f"features.{name}": (tensor.half() if half else tensor.float()).cpu().contiguous()
        for name, tensor in layers.state_dict().items()
    }
    payload = save(tensors, {"preprocessing": json.dumps(asdict(preprocessing)), **metadata})
    # The format begins with the length of a JSON header, which has a random order: the same weights, the same bytes.
    end = 8 + int.from_bytes(payload[:8], "little")
    header = json.dumps(json.loads(payload[8:end]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + payload[end:]


def save_weights(
    file: Path, layers: nn.Sequential, preprocessing: Preprocessing, metadata: dict[str, str], *, half: bool = True
) -> None:
    """Write a weights file; see `weights_bytes`.

    Raises:
        ModelError: If it cannot be written.
    """
    if file.suffix != ".safetensors":
        raise ModelError(f"{file}: the name of a weights file must end in .safetensors")
    try:
        write_whole(file, weights_bytes(layers, preprocessing, metadata, half=half))
    except OSError as error:
        raise ModelError(f"{file}: the weights cannot be written ({error})") from error


FORMATS = (".safetensors", ".pth", ".pt")
TAKEN = "what is taken is a .safetensors file, or a .pth or .pt file as torch.save(module.state_dict(), file) writes it"
BLANK = b"\xef\xbb\xbf \t\r\n"  # what may stand before the first sign of a text
PICKLED = (b"PK", b"\x80")  # how files of torch.save begin, today's and the older ones


def load_backbone(
    name: str = USUAL,
    weights: str | Path = "imagenet",
    *,
    preprocessing: str | None = None,
    precision: Precision = "float32",
    device: str = "cpu",
    engine: str = "auto",
    seed: int = 0,
) -> Backbone:
    """Return a backbone with weights in it.

    Args:
        name: One of `BACKBONES`.
        weights: "imagenet" (of a package that is installed along, or torchvision's download), "random", a .safetensors
            or .pth file of tensors named as in torchvision's model, or a detector or classifier: its folder, or the
            name of a bundled one.
        preprocessing: torchvision, caffe or release. By default what the detector or the file says: its metadata, a
            JSON file of the same name beside it, or the word caffe in its name; otherwise torchvision's.
        precision: float32, or bfloat16, which is faster where the processor has instructions for it.
        device: cpu, cuda or cuda:N.
        engine: What runs the layers; one of `ENGINE_NAMES`.
        seed: Of random weights.

    Raises:
        InputError: If there is no such backbone or preprocessing.
        ModelError: If the weights cannot be had, read, or do not fit the layers.
    """
    network = network_of(name)
    if preprocessing is not None and preprocessing not in PREPROCESSINGS:
        raise InputError(f"there is no preprocessing {preprocessing!r}; there are {', '.join(PREPROCESSINGS)}")
    named = PREPROCESSINGS[preprocessing or network.preprocessing]
    weights = str(weights)
    if weights == "random":
        return _backbone(name, random_layers(name, seed), named, precision, device, engine)
    file, layers = Path(weights), network.build()
    if weights == "imagenet":
        tensors, stored = _of_imagenet(name), named
    elif of_classifier := classifier_backbone(file):
        tensors, stored = _read_tensors(of_classifier), stored_preprocessing(of_classifier)
    elif file.is_dir() or weights in bundled():
        tensors, stored = _read_detector(model_folder(file), name)
    else:
        tensors, stored = _read_tensors(file), stored_preprocessing(file)
    _load_into(layers, tensors, f"the ImageNet weights of {name}" if weights == "imagenet" else str(file))
    if weights == "imagenet":
        for key in (key for key in tensors if key.endswith(".normalisation")):
            remember(layers.get_submodule(key.removesuffix(".normalisation")), tensors[key])
    backbone = _backbone(name, layers, named if preprocessing else stored, precision, device, engine)
    backbone.fully_connected = {name: tensor for name, tensor in tensors.items() if name.startswith("classifier.")}
    return backbone


def backbone_from(
    name: str,
    tensors: Mapping[str, Floats | torch.Tensor],
    preprocessing: Preprocessing,
    source: str,
    *,
    reduction: int | None = None,
    precision: Precision = "float32",
    device: str = "cpu",
    engine: str = "auto",
) -> Backbone:
    """Return a backbone with given tensors in it; `source` names their file in errors.

    Args:
        reduction: Channels of a 1x1 convolution that the layers end with; None if they do not.
        precision: See `load_backbone`.
        device: See `load_backbone`.
        engine: See `load_backbone`.
    """
    if name not in BACKBONES:
        raise ModelError(f"{source}: there is no backbone {name!r}; this version knows {', '.join(BACKBONES)}")
    layers = BACKBONES[name].build()
    if reduction:
        channels = _backbone(name, layers, preprocessing, "float32", "cpu", "torch").last.channels
        layers.append(nn.Conv2d(channels, min(reduction, channels), 1))
    _load_into(layers, {key: torch.as_tensor(tensor) for key, tensor in tensors.items()}, source)
    return _backbone(name, layers, preprocessing, precision, device, engine)


def _backbone(
    name: str, layers: nn.Sequential, preprocessing: Preprocessing, precision: Precision, device: str, engine: str
) -> Backbone:
    """Return a backbone of layers that end as its network does, or with a reduction, which makes the last map then."""
    network = network_of(name)
    depths = dict(network.maps)
    depths[list(depths)[-1]] = len(layers)
    return Backbone(
        name,
        layers,
        preprocessing,
        maps=depths,
        stem=network.stem,
        precision=precision,
        device=device,
        engine=engine,
    )


def _of_imagenet(name: str) -> dict[str, torch.Tensor]:
    fetch = network_of(name).imagenet
    if fetch is None:
        raise ModelError(f"there are no ImageNet weights for {name!r}: give a file, or weights 'random'")
    try:
        return fetch()
    except OSError as error:
        raise ModelError(f"the ImageNet weights of {name} could not be downloaded ({error}): give a file") from error


def _read_tensors(file: Path) -> dict[str, torch.Tensor]:
    if file.suffix not in FORMATS:
        raise ModelError(f"{file}: weights must be 'imagenet', 'random' or a file ending in {', '.join(FORMATS)}")
    if not file.is_file():
        raise ModelError(f"{file}: there is no such weights file")
    try:
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(file)
        tensors = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # the readers raise many types for a broken file
        raise ModelError(f"{file}: the weights cannot be read: {_looks_like(file)}; {TAKEN}") from error
    if not isinstance(tensors, dict):
        raise ModelError(f"{file}: a weights file must hold named tensors only, and holds a {type(tensors).__name__}")
    for name, value in tensors.items():
        if not isinstance(value, torch.Tensor):
            found = f"its {name!r} is a {type(value).__name__}"
            raise ModelError(f"{file}: a weights file must hold named tensors only, and {found}; {TAKEN}")
    return tensors


def _looks_like(file: Path) -> str:
    """Return what a file is from which no tensors can be read."""
    try:
        with file.open("rb") as stream:
            start = stream.read(1000)
    except OSError as error:
        return str(error.strerror)
    if not start:
        return "it is empty"
    if start.startswith(b"version https://git-lfs"):
        return "it is a pointer of Git LFS, and `git lfs pull` fetches the file"
    if start.lstrip(BLANK).startswith(b"<"):
        return "it is a web page or XML, as a failed download leaves it"
    if file.suffix == ".safetensors" or not start.startswith(PICKLED):
        return f"it is damaged or of another kind, and begins with {start[:8]!r}"
    try:
        with zipfile.ZipFile(file) as archive:
            names = {name.rpartition("/")[2] for name in archive.namelist()}
    except zipfile.BadZipFile:
        return "it is damaged, or holds pickled objects of Python beside tensors"
    if "constants.pkl" in names:
        return "it is a program of TorchScript"
    if "data.pkl" in names:
        return "it holds pickled objects of Python, such as a whole module, not only tensors"
    return "it is an archive of something else"


def _read_detector(folder: Path, name: str) -> tuple[dict[str, torch.Tensor], Preprocessing]:
    """Return the conv layers of a detector in a folder, which must be those of a backbone, and their preprocessing."""
    config, tensors = read_detector(folder)
    if config.get("backbone") != name:
        raise ModelError(f"{folder}: its conv layers are those of {config.get('backbone')!r}, not of {name!r}")
    layers = {
        key.removeprefix("backbone."): torch.from_numpy(tensor)
        for key, tensor in tensors.items()
        if key.startswith("backbone.")
    }
    with checked_settings(folder):
        return layers, preprocessing_from(config["preprocessing"])


def _load_into(layers: nn.Sequential, tensors: dict[str, torch.Tensor], source: str) -> None:
    """Copy the tensors of the conv part, named `features.N...` or `N...`, checking names, shapes and values."""
    tensors = {name.removeprefix("features."): tensor for name, tensor in tensors.items()}
    for name, parameter in layers.state_dict().items():
        if name not in tensors:
            raise ModelError(f"{source}: the tensor {name!r} is missing")
        if tensors[name].shape != parameter.shape:
            wanted, got = tuple(parameter.shape), tuple(tensors[name].shape)
            raise ModelError(f"{source}: the tensor {name!r} must have the shape {wanted}, not {got}")
        if not bool(torch.isfinite(tensors[name]).all()):
            raise ModelError(f"{source}: the tensor {name!r} holds values that are not finite")
        parameter.copy_(tensors[name])
