"""The state of a training on disk, so that one that was interrupted ends with the weights it would have had."""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from ..files.whole import write_whole

EVERY = 500  # steps between checkpoints
_DIGEST_SIZE = 16


class Checkpoint:
    """For each training a file: weights, the best so far, the optimiser's moments, and how far it is."""

    def __init__(self, folder: Path, *, name: str = "finetuning", every: int = EVERY) -> None:
        self.folder, self.name, self.every = folder, name, every
        folder.mkdir(parents=True, exist_ok=True)

    def save(
        self,
        key: str,
        done: int,
        modules: nn.Module,
        optimiser: torch.optim.Optimizer,
        best: dict[str, torch.Tensor],
        history: dict[str, Any],
    ) -> None:
        """Replace the file by the state after so many steps of the training that the key stands for."""
        tensors = {f"now.{name}": tensor for name, tensor in modules.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in best.items()}
        for number, moments in optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{number}.{name}": tensor for name, tensor in moments.items()}
        # The format holds memory as it is, so what lies channels last, or is shared, must be copied.
        tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
        state = json.dumps({"done": done, "history": history}).encode()
        tensors["state"] = torch.frombuffer(bytearray(state), dtype=torch.uint8)
        payload = save(tensors)
        write_whole(self._file(key), _digest(payload), payload)

    def restore(
        self,
        key: str,
        modules: nn.Module,
        optimiser: torch.optim.Optimizer,
        best: dict[str, torch.Tensor],
        history: dict[str, Any],
    ) -> tuple[int, dict[str, Any]]:
        """Take up a saved state of the training that the key stands for.

        Returns:
            The steps done and the history; 0 and the history given where there is no such state, or it is damaged.
        """
        try:
            content = self._file(key).read_bytes()
            payload = content[_DIGEST_SIZE:]
            if _digest(payload) != content[:_DIGEST_SIZE]:
                return 0, history
            tensors = load(payload)
            state = json.loads(tensors.pop("state").numpy().tobytes())
        except (OSError, SafetensorError, KeyError, ValueError):
            return 0, history
        modules.load_state_dict(_named(tensors, "now."))
        best.update({name: tensor.to(best[name].device) for name, tensor in _named(tensors, "best.").items()})
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for name, tensor in _named(tensors, "optimiser.").items():
            number, _, moment = name.partition(".")
            moments.setdefault(int(number), {})[moment] = tensor
        optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
        return int(state["done"]), dict(state["history"])

    def _file(self, key: str) -> Path:
        return self.folder / f"{self.name}-{key}.checkpoint"


def _named(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _digest(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_DIGEST_SIZE).digest()
