"""How SVMs and box regression are trained: settings that a model keeps."""

from dataclasses import dataclass, field
from math import inf

from ..errors import InputError
from .mining import Mining


@dataclass(frozen=True)
class Training:
    """How SVMs and box regression are trained on the vectors of windows.

    Attributes:
        mining: How the SVMs are trained, and on which windows.
        norm: Root mean square norm of the vectors that the SVMs see.
        centre: Whether the mean vector is subtracted first.
        standardise: Whether every dimension is first divided by its standard deviation.
        penalty: Weight of the squared coefficients in the ridge regression of boxes (R-CNN: 1000, SPP-net's release:
            4000).
        regression_examples: Windows of one class that box regression learns from at most; 0 for no regression.
        negative_iou: Windows that overlap every object of a class by less are its negatives.
        use_difficult: Whether objects marked difficult are learned.
        held_out: Fraction of the training images on which margins are calibrated before the last training.

    Raises:
        InputError: If a setting is out of its range.
    """

    mining: Mining = field(default_factory=Mining)
    norm: float = 20.0
    centre: bool = True
    standardise: bool = True
    penalty: float = 1000.0
    regression_examples: int = 4000
    negative_iou: float = 0.3
    use_difficult: bool = False
    held_out: float = 0.1

    def __post_init__(self) -> None:
        if isinstance(self.mining, dict):  # when it comes from a file
            object.__setattr__(self, "mining", Mining(**self.mining))
        for name in ("norm", "penalty"):
            if not 0 < getattr(self, name) < inf:
                raise InputError(f"{name} must be positive and finite, not {getattr(self, name)}")
        if self.regression_examples < 0:
            raise InputError(f"regression_examples must not be negative, not {self.regression_examples}")
        if not 0 <= self.held_out < 1:
            raise InputError(f"held_out must be a fraction from 0 to below 1, not {self.held_out}")
        if not 0 < self.negative_iou <= 1:
            raise InputError(f"negative_iou must be above 0 and at most 1, not {self.negative_iou}")
