"""What is pooled for a window: settings that a model keeps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..backbone.networks.table import network_of
from ..errors import InputError
from ..files.config_fields import LARGEST_ENLARGEMENT, LARGEST_POWER, LARGEST_SCALE, LARGEST_SIDE, LEAST_POWER
from .projection import Preset, checked_preset
from .pyramid import LEVELS, checked_levels


@dataclass(frozen=True)
class View:
    """A part of a window's vector: the bins of a rectangle of one map.

    Attributes:
        levels: Bins per side of every level of the pyramid.
        map: Name of the backbone's map; None is its last one.
        enlargement: How many times its size the window is made first, about its centre; None takes the whole map.
    """

    levels: tuple[int, ...] = LEVELS
    map: str | None = None
    enlargement: float | None = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", checked_levels(self.levels))  # a list when it comes from a file
        if self.enlargement is not None and not 0 < self.enlargement <= LARGEST_ENLARGEMENT:
            rule = f"positive and at most {LARGEST_ENLARGEMENT:g}, or None"
            raise InputError(f"enlargement must be {rule}, not {self.enlargement}")


# Beyond the paper: what is around a window, and in the whole image, tells what it may show.
CONTEXT = (View((1, 2), enlargement=1.5), View((1, 2), enlargement=None))


@dataclass(frozen=True)
class Pooling:
    """How windows become vectors.

    Attributes:
        scales: Short sides in pixels at which the conv layers see an image; a window uses the one that brings it
            nearest to 224x224.
        max_side: The longest side an image is resized to, in pixels.
        views: The parts of a vector, in order.
        geometry: Whose rules choose a window's scale and cells: "paper" or "release".
        power: Exponent applied to the maps, sign kept; it commutes with the maximum. 1 leaves them as they are.

    Raises:
        InputError: If a setting is out of its range.
    """

    scales: tuple[int, ...] = (600,)
    max_side: int = 2400
    views: tuple[View, ...] = (View(),)
    geometry: Preset = "paper"
    power: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "scales", checked_scales(self.scales))
        object.__setattr__(self, "views", tuple(_view(view) for view in self.views))
        if not self.views:
            raise InputError("views: there must be one at least, or vectors are empty")
        if not 1 <= self.max_side <= LARGEST_SIDE:
            raise InputError(f"max_side must be from 1 to {LARGEST_SIDE} pixels, not {self.max_side}")
        if not LEAST_POWER <= self.power <= LARGEST_POWER:
            raise InputError(f"power must be from {LEAST_POWER:g} to {LARGEST_POWER:g}, not {self.power}")
        checked_preset(self.geometry)

    def with_views(self, *views: View) -> "Pooling":
        """Return the same with further views, those of the surroundings, `*CONTEXT`, say."""
        return replace(self, views=(*self.views, *views))


def checked_scales(scales: Sequence[int]) -> tuple[int, ...]:
    """Return the scales, or raise InputError unless they are one or more different lengths of a pixel or more."""
    if not len(scales) or min(scales) < 1 or max(scales) > LARGEST_SCALE or len(set(scales)) != len(scales):
        rule = f"one or more different short sides in pixels, up to {LARGEST_SCALE}"
        raise InputError(f"scales must be {rule}, not {tuple(scales)}")
    return tuple(scales)


def usual_views(backbone: str) -> tuple[View, ...]:
    """Return what is pooled from a backbone's maps where nothing else is said.

    Raises:
        InputError: If there is no such backbone.
    """
    views = tuple(View(levels, map) for map, levels in network_of(backbone).views)
    return views or (View(),)


def check_layers(widths: Sequence[int], dropout: float = 0.5, ranks: Sequence[int] = ()) -> None:
    """Raise InputError unless these can be the widths of fc6 and fc7, their dropout and their ranks; see `Head`."""
    if len(widths) > 2 or min(widths, default=1) < 1:
        raise InputError(f"widths must be those of fc6 and fc7 or fewer, all positive, not {tuple(widths)}")
    if not 0 <= dropout < 1 - 1 / 512:
        raise InputError(f"dropout must be from 0 to below 1, not {dropout}")
    if ranks and (len(ranks) != len(widths) or min(ranks) < 1):
        raise InputError(f"ranks must be {len(widths)} positive numbers, one for each layer, not {tuple(ranks)}")


def _view(value: View | dict[str, Any]) -> View:
    """Return a view, which is a dictionary when it comes from a file."""
    return value if isinstance(value, View) else View(**value)
