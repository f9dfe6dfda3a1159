"""Why a window scored what it scored: one picture of it, and lines of text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sppnet.data import read_image

from .canvas import GRID_GREY, SMALL, new_figure, png

if TYPE_CHECKING:  # matplotlib takes a while to import
    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure

    from sppnet.detector import Explanation
    from sppnet.detector.explaining.pooled import PooledView
    from sppnet.detector.explaining.reasons import Reason
    from sppnet.detector.files.examples import Neighbour

WIDTH, HEIGHT = 12.0, 7.5  # inches
DOTS = 110  # per inch
BEST, SECOND, BOX = "tab:blue", "0.65", "yellow"
AROUND = 0.15  # of a view's box that is shown about it
CELLS_DRAWN = 60  # per side; lines of more hide the image


def lines(explanation: "Explanation") -> list[str]:
    """Return what a person wants to know of it, line by line."""
    best, second = explanation.best, explanation.second
    width = max(len(name) for name in _terms(explanation))
    found = [f"{best.name} {best.score:.2f}, margin {best.margin:.2f}, seen at short side {explanation.pooled.scale}"]
    notes = [*(f"  {_cells(view)}" for view in explanation.pooled.views), "", ""]  # none of bias and rivals
    for name, value, note in zip(_terms(explanation), _values(explanation, best), notes, strict=False):
        found.append(f"  {name:<{width}} {value:+8.3f}{note}".rstrip())
    if second:
        named = zip(_terms(explanation), _values(explanation, second), strict=True)
        found.append(f"second best: {second.name} {second.score:.2f}, margin {second.margin:.2f}")
        found.append("  " + ", ".join(f"{name} {value:+.2f}" for name, value in named))
    sides = [" ".join(f"{side:.1f}" for side in box) for box in (explanation.window, explanation.box)]
    found.append(f"regression moves the window {sides[0]} to {sides[1]}")
    if explanation.neighbours:
        near = ", ".join(f"{each.name} {each.distance:.2f}" for each in explanation.neighbours)
        found.append(f"nearest training examples, by distance, 1 on average: {near}")
    if explanation.exact:
        found.append(f"the parts add up to the margin within {explanation.difference:.1g}")
    else:
        found.append("fully connected layers lie between: parts are slopes times values, not exact")
    return found


def picture(image: npt.NDArray[np.uint8], explanation: "Explanation") -> bytes:
    """Return the PNG of a figure: the image with window and box, what each term adds, and a heat map of each view.

    Args:
        image: uint8 (H, W, 3).
        explanation: Of a window in it.
    """
    figure = new_figure(dots=DOTS)
    figure.set_size_inches(WIDTH, HEIGHT)
    top, bottom = figure.subfigures(2, 1, height_ratios=(1.0, 0.95), squeeze=False)[:, 0]
    if explanation.neighbours:
        top, beside = top.subfigures(1, 2, width_ratios=(1.0, 0.13), squeeze=False)[0]
        _draw_neighbours(beside, explanation.neighbours)
    whole, bars = top.subplots(1, 2, width_ratios=(1.0, 1.15))
    _draw_boxes(whole, image, explanation)
    _draw_bars(bars, explanation)
    views = explanation.pooled.views
    heats = [_heat(view, parts, image.shape) for view, parts in zip(views, explanation.best.parts, strict=True)]
    most = max(float(np.nanmax(np.abs(heat), initial=0)) for heat in heats) or 1.0
    axes = bottom.subplots(1, len(views), squeeze=False)[0]
    for axis, view, heat, part in zip(axes, views, heats, explanation.best.by_view, strict=True):
        shown = _draw_heat(axis, image, view, heat, most)
        axis.set_title(f"{view.name} on {view.map}: {part:+.2f}\n{_cells(view)}", fontsize=SMALL)
    bar = bottom.colorbar(shown, ax=axes, shrink=0.8, pad=0.01)
    bar.set_label("added, if all of the view were as here", fontsize=SMALL)
    bar.ax.tick_params(labelsize=SMALL)
    return png(figure)


def _draw_boxes(axes: "Axes", image: npt.NDArray[np.uint8], explanation: "Explanation") -> None:
    axes.imshow(image, extent=(0, image.shape[1], image.shape[0], 0))
    _rectangle(
        axes, explanation.window, "white", "--", "window as proposed" if explanation.object is not None else "window"
    )
    _rectangle(axes, explanation.box, BOX, "-", "box after regression")
    axes.set(xlim=(0, image.shape[1]), ylim=(image.shape[0], 0), xticks=[], yticks=[])
    best = explanation.best
    axes.set_title(f"{best.name} {best.score:.2f}, seen at short side {explanation.pooled.scale}", fontsize=SMALL + 2)
    legend = axes.legend(
        fontsize=SMALL, loc="upper left", bbox_to_anchor=(0, 0), ncols=2, frameon=True, facecolor="0.4"
    )
    for text in legend.get_texts():
        text.set_color("white")


def _draw_bars(axes: "Axes", explanation: "Explanation") -> None:
    """Draw what each term adds to the margin of the best class, and of the second."""
    names = [*_terms(explanation), "margin"]
    places = np.arange(len(names))
    reasons = [(explanation.best, BEST), (explanation.second, SECOND)]
    shown = [(each, colour) for each, colour in reasons if each is not None]
    height = 0.8 / len(shown)
    for number, (each, colour) in enumerate(shown):
        values, at = [*_values(explanation, each), each.margin], places + (number - (len(shown) - 1) / 2) * height
        bars = axes.barh(at, values, height, color=colour, label=f"{each.name}: score {each.score:.2f}")
        axes.bar_label(bars, [f"{value:+.2f}" for value in values], fontsize=SMALL - 1, padding=2)
    axes.axhline(len(names) - 1.5, color="0.5", linewidth=0.8)
    axes.axvline(0, color="0.3", linewidth=0.8)
    axes.set(yticks=places, yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    axes.margins(x=0.15)
    what = "parts against the background, bias and rivals" if _has_rivals(explanation) else "parts and bias"
    exact = "" if explanation.exact else "; slopes times values, not exact"
    axes.set_title(f"{what} add up to the margin{exact}", fontsize=SMALL + 2)
    axes.tick_params(labelsize=SMALL)
    axes.grid(axis="x", color=GRID_GREY)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=SMALL, frameon=False)


def _draw_neighbours(figure: "SubFigure", neighbours: "Sequence[Neighbour]") -> None:
    """Draw the nearest training examples, one below the other."""
    figure.suptitle("nearest in training", fontsize=SMALL)
    for axes, each in zip(figure.subplots(len(neighbours), 1, squeeze=False)[:, 0], neighbours, strict=True):
        axes.imshow(read_image(each.crop))
        axes.set(xticks=[], yticks=[])
        axes.set_title(f"{each.name}, at {each.distance:.2f}", fontsize=SMALL)


def _draw_heat(
    axes: "Axes", image: npt.NDArray[np.uint8], view: "PooledView", heat: npt.NDArray[np.float64], most: float
) -> Any:
    """Draw the heat of a view over the grey image, with its cells, and return what the colours are of."""
    height, width = image.shape[:2]
    axes.imshow(image.mean(axis=2), cmap="gray", extent=(0, width, height, 0), vmin=-128, vmax=255)
    shown = axes.imshow(heat, cmap="RdBu_r", vmin=-most, vmax=most, alpha=0.6, extent=(0, width, height, 0))
    x1, y1, x2, y2 = view.box.tolist()
    columns, rows = view.cells[2] - view.cells[0], view.cells[3] - view.cells[1]
    look: dict[str, Any] = {"color": "black", "linewidth": 0.3, "alpha": 0.6}
    if max(columns, rows) <= CELLS_DRAWN:
        axes.vlines(np.linspace(x1, x2, columns + 1), y1, y2, **look)
        axes.hlines(np.linspace(y1, y2, rows + 1), x1, x2, **look)
    margin = AROUND * max(x2 - x1, y2 - y1)
    axes.set(xlim=(max(0, x1 - margin), min(width, x2 + margin)), ylim=(min(height, y2 + margin), max(0, y1 - margin)))
    axes.set(xticks=[], yticks=[])
    return shown


def _heat(
    view: "PooledView", parts: Sequence[npt.NDArray[np.float64]], shape: tuple[int, ...]
) -> npt.NDArray[np.float64]:
    """Return what a view would add if all of it were as at a pixel: float64 (H, W), NaN outside.

    The levels add up; where bins of a level overlap, it is their mean.
    """
    heat, inside = np.zeros(shape[:2]), np.zeros(shape[:2], np.bool_)
    area = float(np.prod(view.box[2:] - view.box[:2]))
    for level, values in zip(view.levels, parts, strict=True):
        added, count = np.zeros(shape[:2]), np.zeros(shape[:2])
        for box, value in zip(level.boxes, values, strict=True):
            x1, y1, x2, y2 = np.maximum(np.round(box), 0).astype(int)
            added[y1:y2, x1:x2] += value * area / float(np.prod(box[2:] - box[:2]))
            count[y1:y2, x1:x2] += 1
        heat += added / np.maximum(count, 1)
        inside |= count > 0
    return np.where(inside, heat, np.nan)


def _rectangle(axes: "Axes", box: npt.NDArray[np.float32], colour: str, style: str, label: str) -> None:
    from matplotlib.patches import Rectangle

    x1, y1, x2, y2 = box.tolist()
    axes.add_patch(Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, color=colour, linestyle=style, label=label, lw=2))


def _has_rivals(explanation: "Explanation") -> bool:
    return "background" in (explanation.best.against, explanation.second.against if explanation.second else "")


def _terms(explanation: "Explanation") -> list[str]:
    """Return the names of what adds up to a margin."""
    views = [f"{view.name} on {view.map}" for view in explanation.pooled.views]
    return [*views, "bias", *["rivals"] * _has_rivals(explanation)]


def _values(explanation: "Explanation", reason: "Reason") -> list[float]:
    """Return what each of these terms adds to the margin of a class."""
    return [*reason.by_view, reason.bias, *[reason.rivals] * _has_rivals(explanation)]


def _cells(view: "PooledView") -> str:
    columns, rows = view.cells[2] - view.cells[0], view.cells[3] - view.cells[1]
    levels = ", ".join(str(level.side) for level in view.levels)
    return f"{columns} x {rows} cells of stride {view.stride}, levels {levels}"
