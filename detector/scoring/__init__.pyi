__all__ = ["DeviceScorer", "detect_together"]

from .batches import detect_together
from .device import DeviceScorer
