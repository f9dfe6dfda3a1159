"""The settings of selective search: what they are in each mode, and what they may be."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .colours import COLOURS
from .errors import ProposalError
from .grouping import TERMS

MAX_SIDE = 65_535
MAX_SIGMA = 10
MAX_K = 1e9
MAX_PIXELS = 1 << 24  # of which 32 bits hold the sum

COLOUR, PLAIN = ("colour", "size", "fill"), ("size", "fill")
FAST: dict[str, Any] = {
    "colours": ("hsv", "lab"),
    "k": (150, 300, 450),
    "strategies": (COLOUR, PLAIN),
    "sigma": 0.8,
    "min_size": 100,
    "min_side": 15,
    "scale": 1.0,
    "work_pixels": 500_000,  # what the conv layers see of an image at a short side of 600
    "exact": False,
}
MODES = {
    "fast": FAST,
    "turbo": FAST | {"k": (75, 150, 300), "min_size": 16, "scale": 0.5},
    "quality": FAST
    | {
        "colours": ("hsv", "lab", "rgb", "normalised", "hue"),
        "k": (150, 300),
        "strategies": (COLOUR, PLAIN, ("colour", "size"), ("size",), ("fill",)),
        "min_size": 30,
    },
    "exact": FAST
    | {
        "k": (50, 100),
        "strategies": (("colour", "texture", "size", "fill"), ("texture", "size", "fill")),
        "min_size": 0,
        "min_side": 20,
        "work_pixels": MAX_PIXELS,
        "exact": True,
    },
}


def checked(name: str, value: Any) -> Any:
    """Return a setting in its usual type, so that equal searches print the same.

    Raises:
        ProposalError: If it is out of its range; names the setting, the rule and the value.
    """
    rule, convert_setting, holds = _RULES[name]
    try:
        converted = convert_setting(value)
        good = bool(holds(converted))
    except (TypeError, ValueError, OverflowError):
        good = False
    if not good:
        raise ProposalError(f"{name} must be {rule}, not {value!r}")
    return converted


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not all(isinstance(name, str) for name in value):
        raise TypeError
    return tuple(value)


def _floats(value: Any) -> tuple[float, ...]:
    if isinstance(value, str):
        raise TypeError
    return tuple(map(float, value))


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError
    return int(value)


def _truth(value: Any) -> bool:
    if not isinstance(value, bool | np.bool_):
        raise TypeError
    return bool(value)


# Setting -> what it must be, how it gets its usual type, and whether it is what it must be.
_RULES: dict[str, tuple[str, Callable[[Any], Any], Callable[[Any], bool]]] = {
    "mode": (f"one of {tuple(MODES)}", str, lambda mode: mode in MODES),
    "colours": (f"some of {COLOURS}", _names, lambda names: bool(names) and set(names) <= set(COLOURS)),
    "k": (f"positive numbers up to {MAX_K:g}", _floats, lambda ks: bool(ks) and all(0 < k <= MAX_K for k in ks)),
    "strategies": (
        f"groups of {TERMS}",
        lambda groups: tuple(map(_names, groups)),
        lambda groups: groups and all(terms and set(terms) <= set(TERMS) for terms in groups),
    ),
    "sigma": (f"0 to {MAX_SIGMA}", float, lambda sigma: 0 <= sigma <= MAX_SIGMA),
    "min_size": (f"0 to {MAX_PIXELS}", _whole, lambda pixels: 0 <= pixels <= MAX_PIXELS),
    "min_side": (f"1 to {MAX_SIDE}", _whole, lambda pixels: 1 <= pixels <= MAX_SIDE),
    "scale": ("above 0 and at most 1", float, lambda scale: 0 < scale <= 1),
    "work_pixels": (f"1 to {MAX_PIXELS}", _whole, lambda pixels: 1 <= pixels <= MAX_PIXELS),
    "exact": ("True or False", _truth, lambda _: True),
    "limit": ("1 or more", _whole, lambda limit: limit >= 1),
    "seed": ("0 or more", _whole, lambda seed: seed >= 0),
}
