"""Image + windows -> detections: the SPP-net detector."""

from .errors import InputError, ModelError
from .mining import Mining
from .model import SPPNet
from .trunk import load_trunk

__all__ = ["InputError", "Mining", "ModelError", "SPPNet", "load_trunk"]
