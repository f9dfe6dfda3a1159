"""Weights files that `load_trunk` reads: tensors named as in torchvision's models, and what they expect of an image."""

import json
from dataclasses import asdict
from pathlib import Path

from safetensors.torch import save
from torch import nn

from .cache import write_whole
from .errors import ModelError
from .preprocessing import Preprocessing


def weights_bytes(
    layers: nn.Sequential, preprocessing: Preprocessing, metadata: dict[str, str], *, half: bool = True
) -> bytes:
    """Return the content of a weights file: the tensors of a trunk's layers, in float16 if half, and the metadata."""
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
