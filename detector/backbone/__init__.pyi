__all__ = [
    "Backbone",
    "TorchEngine",
    "alexnet",
    "backbone_from",
    "declared_maps",
    "efficientnet_lite",
    "graph_of",
    "lite_weights",
    "load_backbone",
    "onnx_engine_of",
    "small",
    "squeezenet1_1",
    "torchvision_weights",
    "zf5",
]

from .backbone import Backbone
from .efficientnet import efficientnet_lite, lite_weights
from .layers import declared_maps, small, zf5
from .torch_engine import TorchEngine
from .torchvision_layers import alexnet, squeezenet1_1, torchvision_weights
from .tracing import graph_of, onnx_engine_of
from .weights import backbone_from, load_backbone
