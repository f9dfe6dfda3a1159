"""How SVMs and box regression are trained, and layers before them: settings that a model keeps."""

from dataclasses import dataclass, field
from math import inf

from ..errors import InputError
from ..pooling.settings import check_layers
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


@dataclass(frozen=True)
class FineTuning:
    """How layers are fine-tuned. The optimiser is AdamW, with a warm-up and a cosine to zero.

    Attributes:
        widths: Values of each fully connected layer between the pooled vectors and the scores (the paper's fc6 and fc7:
            4096, 4096); () scores pooled vectors directly.
        reduction: Channels that a 1x1 convolution leaves to the pyramid; None leaves all.
        unfreeze: Whether the conv layers after the stem learn, too (beyond the paper).
        stem: Name of the map at which the layers that stay as they are end; None is the backbone's own.
        epochs: Times that every image is seen, at most.
        images: Images in one batch.
        windows: Windows of one image in a batch.
        positives: Largest fraction of the windows that show objects.
        learning_rate: The highest learning rate.
        scales: Short sides in pixels at which images are seen in training, one drawn each time; () for the model's.
        weight_decay: AdamW's decay of the head's weights; biases and conv layers have none.
        dropout: Probability that a value of the head's layers is left out in training.
        flips: Whether images are mirrored at random.
        offsets_weight: Factor of the loss of the offsets beside that of the classes; 0 is the paper's training.
        patience: Epochs without a lower loss on the held-out images after which the training stops.
    """

    widths: tuple[int, ...] = ()
    reduction: int | None = None
    unfreeze: bool = False
    stem: str | None = None
    epochs: int = 8
    images: int = 2
    windows: int = 64
    positives: float = 0.25
    learning_rate: float = 2e-4
    scales: tuple[int, ...] = ()
    weight_decay: float = 0.05
    dropout: float = 0.5
    flips: bool = True
    offsets_weight: float = 1.0
    patience: int = 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))  # lists when they come from a file
        object.__setattr__(self, "scales", tuple(self.scales))
        for name in ("epochs", "images", "windows", "learning_rate", "patience"):
            if not 0 < getattr(self, name) < inf:
                raise InputError(f"{name} must be positive and finite, not {getattr(self, name)}")
        for name in ("weight_decay", "offsets_weight"):
            if not 0 <= getattr(self, name) < inf:
                raise InputError(f"{name} must be finite and not negative, not {getattr(self, name)}")
        if not 0 < self.positives <= 1:
            raise InputError(f"positives must be a fraction above 0, not {self.positives}")
        if self.reduction is not None and self.reduction < 1:
            raise InputError(f"reduction must be a positive number of channels, not {self.reduction}")
        check_layers(self.widths, self.dropout)


# The paper's widths, what two cores can afford, and what is best on two cores; see docs/paper.md.
PRESETS = {
    "paper": FineTuning(widths=(4096, 4096), offsets_weight=0),
    "cpu": FineTuning(widths=(1024, 1024), reduction=128),
    "linear": FineTuning(),
    "conv": FineTuning(unfreeze=True, epochs=12, images=4, learning_rate=3e-4),
}
