"""The state of a training on disk, so that one that was interrupted ends with the weights it would have had."""

import io
from pathlib import Path
from typing import Any

import torch

from sppnet.proposals import write_whole

from ...files.cache import digest, warn_of

EVERY = 500  # steps between checkpoints
_DIGEST_SIZE = 16  # bytes before torch's own, a hash of these and of the key


class Checkpoint:
    """A folder with the state of each training, under a key of its own; a bad or missing file is a miss, not an error.

    Args:
        folder: Made where it is missing.
        name: What its files are called by, before the key.
        every: Steps after which the state is to be saved.
    """

    def __init__(self, folder: Path, *, name: str = "finetuning", every: int = EVERY) -> None:
        self.folder, self.name, self.every = folder, name, every
        folder.mkdir(parents=True, exist_ok=True)

    def save(self, key: str, state: dict[str, Any]) -> None:
        """Replace the state of the training that the key stands for.

        Args:
            key: Changes with everything that would make the training end with other weights.
            state: Tensors, numbers and strings, in dicts and lists; what `torch.load` reads with `weights_only`.
        """
        content = io.BytesIO()
        torch.save(state, content)
        payload = content.getvalue()
        write_whole(self._file(key), digest(self._name(key), payload), payload)

    def load(self, key: str) -> dict[str, Any] | None:
        """Return the state of the training that the key stands for, on the CPU; None if there is none.

        A damaged file, or one of another training, warns and counts as not there.
        """
        try:
            content = self._file(key).read_bytes()
        except OSError:
            return None
        payload = content[_DIGEST_SIZE:]
        try:
            if digest(self._name(key), payload) != content[:_DIGEST_SIZE]:
                raise ValueError("another checksum")
            state: dict[str, Any] = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
        except Exception:  # what torch raises is of many kinds: somebody may have made the checksum right
            warn_of(self._file(key))
            return None
        return state

    def _name(self, key: str) -> str:
        return f"{self.name}-{key}"

    def _file(self, key: str) -> Path:
        return self.folder / f"{self._name(key)}.pt"
