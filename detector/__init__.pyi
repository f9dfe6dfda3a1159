__all__ = [
    "BACKBONES",
    "CONTEXT",
    "ENGINE_NAMES",
    "FRAMINGS",
    "PREPROCESSINGS",
    "PRESETS",
    "RCNN",
    "Backbone",
    "Classifier",
    "Combination",
    "Detection",
    "Detections",
    "Distillation",
    "Explainer",
    "Explanation",
    "FineTuning",
    "ImageFeatures",
    "ImageSVMs",
    "Inference",
    "InputError",
    "Mining",
    "ModelError",
    "Pooling",
    "Preparer",
    "SPPNet",
    "Training",
    "VectorCache",
    "View",
    "check_writable",
    "compile_kernels",
    "conv_threads",
    "deterministic",
    "distil",
    "draw",
    "export_onnx",
    "layer_names",
    "load_backbone",
    "load_detector",
    "predict_tiled",
    "save_weights",
    "select",
    "set_thread_count",
    "thread_count",
    "thread_count_of_libraries",
    "use_reader",
    "usual_views",
]

from .backbone.backbone import Backbone
from .backbone.engines.table import ENGINE_NAMES
from .backbone.networks.table import BACKBONES
from .backbone.preprocessing import PREPROCESSINGS
from .backbone.weights import load_backbone, save_weights
from .classification.classifier import Classifier
from .classification.representation import FRAMINGS, ImageFeatures, layer_names
from .classification.svms import ImageSVMs
from .classification.vector_cache import VectorCache
from .combination import Combination
from .compilation import compile_kernels
from .errors import InputError, ModelError
from .explaining.explainer import Explainer, Explanation
from .exporting import export_onnx
from .face.detections import Detection, Detections
from .face.drawing import draw
from .face.reading import use_reader
from .files.model_folder import check_writable
from .loading import load_detector
from .model import SPPNet
from .pooling.settings import CONTEXT, Pooling, View, usual_views
from .rcnn import RCNN
from .scoring.inference import Inference
from .selection import select
from .threads import conv_threads, deterministic, set_thread_count, thread_count, thread_count_of_libraries
from .tiling import predict_tiled
from .training.distillation import Distillation, distil
from .training.mining import Mining
from .training.preparing import Preparer
from .training.settings import PRESETS, FineTuning, Training
