__all__ = ["SPPNet", "SelectiveSearch", "read_image"]

from .data import read_image
from .detector import SPPNet
from .proposals import SelectiveSearch
