"""Weights of backbones: files of tensors named as in torchvision's models, and what they expect of an image."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save
from torch import nn

from sppnet.proposals import write_whole

from ..errors import InputError, ModelError
from ..files.kinds import check_archive, looks_like
from ..files.model_folder import (
    bundled,
    classifier_backbone,
    model_folder,
    read_detector,
)
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
    file, layers, stored = Path(weights), network.build(), named
    if weights == "imagenet":
        tensors = _of_imagenet(name)
    elif (file.is_dir() and not classifier_backbone(file)) or weights in bundled():
        tensors, stored = _read_detector(model_folder(file), name)
    else:
        file = classifier_backbone(file) or file
        tensors = _read_tensors(file)
        stored = named if preprocessing else stored_preprocessing(file)
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
        check_archive(file)
        tensors = torch.load(file, map_location="cpu", weights_only=True)
    except (ModelError, MemoryError):
        raise
    except Exception as error:  # the readers raise many types for a broken file
        raise ModelError(f"{file}: the weights cannot be read: {looks_like(file)}; {TAKEN}") from error
    if not isinstance(tensors, dict):
        raise ModelError(f"{file}: a weights file must hold named tensors only, and holds a {type(tensors).__name__}")
    for name, value in tensors.items():
        if not isinstance(value, torch.Tensor):
            found = f"its {name!r} is a {type(value).__name__}"
            raise ModelError(f"{file}: a weights file must hold named tensors only, and {found}; {TAKEN}")
        if not isinstance(name, str):
            found = f"one is called {name!r}"
            raise ModelError(f"{file}: a weights file must hold named tensors only, and {found}; {TAKEN}")
    return tensors


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
    return layers, preprocessing_from(config.get("preprocessing"), folder / "config.json")


def _load_into(layers: nn.Sequential, tensors: dict[str, torch.Tensor], source: str) -> None:
    """Copy the tensors of the conv part, named `features.N...` or `N...`, checking names, shapes and values."""
    tensors = {name.removeprefix("features."): tensor for name, tensor in tensors.items()}
    for name, parameter in layers.state_dict().items():
        if name not in tensors:
            raise ModelError(f"{source}: the tensor {name!r} is missing")
        if tensors[name].shape != parameter.shape:
            wanted, got = tuple(parameter.shape), tuple(tensors[name].shape)
            raise ModelError(f"{source}: the tensor {name!r} must have the shape {wanted}, not {got}")
        tensor = tensors[name]
        if tensor.layout != torch.strided or tensor.is_meta or not tensor.is_floating_point():
            kind = f"{tensor.dtype}, {tensor.layout}, on {tensor.device}"
            raise ModelError(f"{source}: the tensor {name!r} must be of plain floating-point numbers, not {kind}")
        if not bool(torch.isfinite(tensor).all()):
            raise ModelError(f"{source}: the tensor {name!r} holds values that are not finite")
        parameter.copy_(tensors[name])
