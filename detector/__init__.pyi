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

from .backbone.backbone import Trunk, conv_threads
from .backbone.weights import load_trunk, save_weights
from .classification.classifier import Classifier
from .classification.representation import ImageFeatures
from .classification.svms import ImageClassifier
from .combination import Combination
from .compilation import compile_kernels
from .errors import InputError, ModelError
from .files.model_folder import check_writable
from .model import SPPNet
from .rcnn import RCNN
from .training.distillation import Distillation, distil
from .training.finetuning import PRESETS, FineTuning
from .training.mining import Mining
