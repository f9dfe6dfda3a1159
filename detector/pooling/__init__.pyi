__all__ = [
    "DeviceVectors",
    "TensorVectors",
    "head_from",
    "images_at_once",
    "pool_tensors",
    "warped_vectors",
    "window_products",
]

from .batches import images_at_once, window_products
from .device import DeviceVectors, TensorVectors
from .regions import pool_tensors
from .stored_head import head_from
from .warping import warped_vectors
