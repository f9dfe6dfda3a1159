__all__ = [
    "PRESETS",
    "RCNN",
    "Backbone",
    "Classifier",
    "Combination",
    "Distillation",
    "FineTuning",
    "ImageFeatures",
    "ImageSVMs",
    "InputError",
    "Mining",
    "ModelError",
    "SPPNet",
    "check_writable",
    "compile_kernels",
    "conv_threads",
    "distil",
    "load_backbone",
    "save_weights",
]

from .backbone.backbone import Backbone, conv_threads
from .backbone.weights import load_backbone, save_weights
from .classification.classifier import Classifier
from .classification.representation import ImageFeatures
from .classification.svms import ImageSVMs
from .combination import Combination
from .compilation import compile_kernels
from .errors import InputError, ModelError
from .files.model_folder import check_writable
from .model import SPPNet
from .rcnn import RCNN
from .training.distillation import Distillation, distil
from .training.finetuning import PRESETS, FineTuning
from .training.mining import Mining
