"""How a fitted detector looks at an image: settings that can change from one image to the next, without a training."""

from dataclasses import dataclass
from math import inf

from ..errors import InputError
from ..pooling.settings import checked_scales


@dataclass(frozen=True)
class Inference:
    """What is done for an image beyond the usual; by default nothing.

    Attributes:
        scales: Short sides in pixels at which the conv layers see an image, each window at the one that brings it
            nearest to the size of training; none are those of the model.
        mirror: Whether margins and offsets are the means of those in the image and in its mirror image.
        soft: Whether scores decay where better boxes are, instead of boxes being suppressed (Bodla et al. 2017).
        sigma: How far scores decay then: by exp(-overlap^2 / sigma). That paper's 0.5 leaves doubles of an object too
            high here; 0.2 was better than it, and than hard suppression, on held-out images of VOC2007 `train`.
        voting: Whether a box is the mean of all boxes of its class around it, by their scores (Gidaris and Komodakis
            2015).

    Raises:
        InputError: If a setting is out of its range.
    """

    scales: tuple[int, ...] = ()
    mirror: bool = False
    soft: bool = False
    sigma: float = 0.2
    voting: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "scales", checked_scales(self.scales) if len(self.scales) else ())
        if not 0 < self.sigma < inf:
            raise InputError(f"sigma must be positive and finite, not {self.sigma}")

    @property
    def moves_all(self) -> bool:
        """Whether all likely windows are moved, because those beside the best count, too."""
        return self.soft or self.voting
