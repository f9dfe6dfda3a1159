"""Saved detectors of any method."""

from pathlib import Path

from . import storage
from .errors import ModelError
from .model import SPPNet
from .rcnn import RCNN

METHODS: dict[str, type[SPPNet]] = {kind.method: kind for kind in (SPPNet, RCNN)}


def load_detector(folder: Path | str, *, device: str = "cpu", engine: str = "auto") -> SPPNet:
    """Return a detector that was saved in a folder, or is bundled under that name, whatever its method.

    Raises:
        ModelError: If the folder holds no detector, or a damaged one.
    """
    method = storage.method_of(Path(folder))
    if method not in METHODS:
        raise ModelError(f"{folder}: there is no method {method!r}; this version knows {', '.join(METHODS)}")
    return METHODS[method].load(folder, device=device, engine=engine)
