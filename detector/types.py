"""What passes between the parts of the detector."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
Image = npt.NDArray[np.uint8]


Target = Mapping[str, npt.NDArray[Any]]


Progress = Callable[[str, int, int], None]
