"""The look that figures have in common: their size, colours, grid and legend, and how they become PNG files."""

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # matplotlib takes a while to import
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, DOTS = 5.0, 3.75, 200  # inches, and dots per inch
DARKEST, LIGHTEST = 0.0, 0.85  # of the colour map; its yellow end is too pale on white
GRID_GREY = "0.9"
SMALL = 9  # points


def new_figure(width: float = WIDTH, dots: int = DOTS) -> "Figure":
    """Return an empty figure so many inches wide, which belongs to no window system and to no other figure.

    Args:
        width: In inches.
        dots: Per inch.
    """
    from matplotlib.figure import Figure

    return Figure((width, HEIGHT), dpi=dots, layout="constrained")


def colours(count: int) -> npt.NDArray[np.float64]:
    """Return a colour for each of so many curves: floats (count, 4)."""
    from matplotlib import colormaps

    found: npt.NDArray[np.float64] = colormaps["viridis"](np.linspace(DARKEST, LIGHTEST, count))
    return found


def finish(axes: "Axes", legend: str | None, *, beside: bool = False) -> None:
    """Give axes their grid and a legend of this title, where there is most room or beside them; None for no legend."""
    axes.grid(color=GRID_GREY)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    look: dict[str, Any] = {"title": legend, "frameon": False, "fontsize": SMALL, "title_fontsize": SMALL}
    if legend and beside:
        axes.figure.legend(loc="outside right upper", **look)
    elif legend:
        axes.legend(**look)


def png(figure: "Figure") -> bytes:
    """Return a figure as the bytes of a PNG file."""
    image = io.BytesIO()
    figure.savefig(image, format="png")
    return image.getvalue()
