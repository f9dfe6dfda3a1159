__all__ = ["DeviceVectors", "TensorVectors", "head_from", "pool_tensors", "whole_vectors"]

from .device import DeviceVectors, TensorVectors, whole_vectors
from .regions import pool_tensors
from .stored_head import head_from
