"""Image + windows -> detections: the SPP-net detector."""

from .compilation import compile_kernels
from .errors import InputError, ModelError
from .mining import Mining
from .model import SPPNet
from .storage import check_writable
from .trunk import conv_threads, load_trunk

__all__ = [
    "InputError",
    "Mining",
    "ModelError",
    "SPPNet",
    "check_writable",
    "compile_kernels",
    "conv_threads",
    "load_trunk",
]
