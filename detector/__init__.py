"""Image + windows -> detections: the SPP-net detector."""

from .combination import Combination
from .compilation import compile_kernels
from .errors import InputError, ModelError
from .finetuning import PRESETS, FineTuning
from .mining import Mining
from .model import SPPNet
from .rcnn import RCNN
from .storage import check_writable
from .trunk import conv_threads, load_trunk

__all__ = [
    "PRESETS",
    "RCNN",
    "Combination",
    "FineTuning",
    "InputError",
    "Mining",
    "ModelError",
    "SPPNet",
    "check_writable",
    "compile_kernels",
    "conv_threads",
    "load_trunk",
]
