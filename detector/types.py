"""What passes between the parts of the detector.

Windows and boxes are `Floats` (N, 4): x1 y1 x2 y2 in pixels of the original image, right and bottom edge outside. They
are checked where they enter, in `checks.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
Precision = Literal["float32", "bfloat16"]  # of the conv layers
Image = npt.NDArray[np.uint8]  # (H, W, 3) RGB
Target = Mapping[str, npt.NDArray[Any]]  # boxes, labels, difficult; perhaps windows
Progress = Callable[[str, int, int], None]  # called with stage, done, total
Note = Callable[[dict[str, Any]], None]  # called with what is known of an epoch, or of a training of the SVMs
