__all__ = ["SPPNet", "SelectiveSearch", "open_data", "read_image"]

from .data import open_data, read_image
from .detector import SPPNet
from .proposals import SelectiveSearch
