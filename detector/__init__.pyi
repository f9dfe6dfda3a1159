__all__ = [
    "PRESETS",
    "RCNN",
    "Classifier",
    "Combination",
    "Distillation",
    "FineTuning",
    "ImageClassifier",
    "ImageFeatures",
    "InputError",
    "Mining",
    "ModelError",
    "SPPNet",
    "Trunk",
    "check_writable",
    "compile_kernels",
    "conv_threads",
    "distil",
    "load_trunk",
    "save_weights",
]

from .classifier import Classifier
from .combination import Combination
from .compilation import compile_kernels
from .distillation import Distillation, distil
from .errors import InputError, ModelError
from .finetuning import PRESETS, FineTuning
from .image_svm import ImageClassifier
from .mining import Mining
from .model import SPPNet
from .model_files import check_writable
from .rcnn import RCNN
from .representation import ImageFeatures
from .trunk import Trunk, conv_threads, load_trunk
from .weights import save_weights
