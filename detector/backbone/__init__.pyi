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
from .engines.torch_engine import TorchEngine
from .engines.tracing import graph_of, onnx_engine_of
from .networks.efficientnet import efficientnet_lite, lite_weights
from .networks.layers import declared_maps, small, zf5
from .networks.torchvision_layers import alexnet, squeezenet1_1, torchvision_weights
from .weights import backbone_from, load_backbone
