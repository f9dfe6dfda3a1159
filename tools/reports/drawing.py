"""Detections drawn on their image, as the detector's results draw themselves."""

from sppnet.detector import draw

__all__ = ["draw"]
