"""Vectors -> detections: SVMs, fully connected layers, regression, calibration, suppression.

The names listed in `__init__.pyi` need torch. They are imported when they are first used, because detection on a CPU
does without.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
