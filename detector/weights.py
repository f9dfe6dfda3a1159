"""Weights files that `load_trunk` reads: tensors named as in torchvision's models, and what they expect of an image."""

import json
from dataclasses import asdict
from pathlib import Path

from safetensors.torch import save
from torch import nn

from .cache import write_whole
from .preprocessing import Preprocessing


def save_weights(file: Path, layers: nn.Sequential, preprocessing: Preprocessing, metadata: dict[str, str]) -> None:
    """Write the tensors of a trunk's layers as float16 into a .safetensors file, with the preprocessing and metadata.

    Raises:
        OSError: If it cannot be written.
    """
    # The format holds memory as it is, and conv weights lie channels last there.
    tensors = {f"features.{name}": tensor.half().cpu().contiguous() for name, tensor in layers.state_dict().items()}
    payload = save(tensors, {"preprocessing": json.dumps(asdict(preprocessing)), **metadata})
    # The format begins with the length of a JSON header, which has a random order: the same weights, the same bytes.
    end = 8 + int.from_bytes(payload[:8], "little")
    header = json.dumps(json.loads(payload[8:end]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)
    write_whole(file, len(header).to_bytes(8, "little"), header, payload[end:])
