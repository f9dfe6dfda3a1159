"""The figures of a page as SVG that stands in it: no background, the colour of the page's text, colours of mid tone."""

import io
import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from sppnet.data import HOIEM_KINDS, Analysis, Judged

if TYPE_CHECKING:  # matplotlib takes a while to import
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEXT = "#010203"  # becomes the colour of the text around the figure
GREY, BLUE, ORANGE, GREEN, RED, PURPLE = "#808080", "#3b82c4", "#d97706", "#2e9e6b", "#d04a4a", "#9467bd"
KIND_COLOURS = dict(zip(HOIEM_KINDS, (GREEN, BLUE, PURPLE, ORANGE, GREY), strict=True))
POINTS = 150  # of a curve
ROW = 0.2  # inches of a bar


def precision_recall(name: str, judged: Judged, threshold: float | None) -> Markup:
    """Return the precision-recall curve of a class, with a mark at a threshold of the scores."""
    objects = int(judged.objects.sum())
    hits = np.cumsum(judged.hits)
    recalls, precisions = hits / max(1, objects), hits / np.arange(1, len(hits) + 1)
    figure, axes = _axes(2.3, 1.9, xlabel="recall", ylabel="precision")
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
    envelope = np.maximum.accumulate(precisions[::-1])[::-1]
    # Where recall grows, and of these so many.
    steps = np.flatnonzero(judged.hits)
    steps = steps[np.unique(np.linspace(0, len(steps) - 1, POINTS).astype(int))] if len(steps) else steps
    axes.plot(recalls[steps], precisions[steps], color=BLUE, linewidth=1.2)
    axes.plot(recalls[steps], envelope[steps], color=ORANGE, linewidth=0.8, linestyle="--")
    if threshold is not None and (shown := int(np.count_nonzero(judged.scores >= threshold))):
        axes.plot(recalls[shown - 1], precisions[shown - 1], "o", color=RED, markersize=4, clip_on=False)
    return _svg(figure, f"Precision against recall of {name}")


def gains(names: Sequence[str], values: Sequence[float]) -> Markup:
    """Return bars of what mending each kind of error gains, in points of mean average precision."""
    figure, axes = _axes(4.2, 0.6 + ROW * 1.3 * len(names), xlabel="points of mAP gained", sides="x")
    axes.barh(range(len(names)), [100 * value for value in values], color=BLUE, height=0.7)
    axes.set(yticks=range(len(names)), yticklabels=_plain(names), ylim=(len(names) - 0.5, -0.5))
    return _svg(figure, "What mending each kind of error would gain")


def class_precisions(names: Sequence[str], values: Sequence[float], intervals: Any) -> Markup:
    """Return the average precision of every class with its interval, in percent.

    Args:
        names: K classes.
        values: Their average precision.
        intervals: Floats (K, 2), lower and upper ends.
    """
    figure, axes = _axes(4.2, 0.6 + ROW * len(names), xlabel="AP (%), 95 % interval", sides="x")
    places = np.arange(len(names))
    axes.hlines(places, 100 * intervals[:, 0], 100 * intervals[:, 1], color=GREY, linewidth=2)
    axes.plot([100 * value for value in values], places, "o", color=BLUE, markersize=4, clip_on=False)
    axes.set(yticks=places, yticklabels=_plain(names), ylim=(len(names) - 0.5, -0.5), xlim=(0, 100))
    return _svg(figure, "Average precision of every class with its interval")


def top_mistakes(names: Sequence[str], counts: Any) -> Markup:
    """Return what the best detections of every class are, as bars of shares: counts int (K, 5)."""
    figure, axes = _axes(4.2, 0.9 + ROW * len(names), xlabel="% of the best detections", sides="x")
    shares = 100 * counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    starts = np.cumsum(shares, axis=1) - shares
    for place, (kind, colour) in enumerate(KIND_COLOURS.items()):
        axes.barh(range(len(names)), shares[:, place], left=starts[:, place], color=colour, height=0.8, label=kind)
    axes.set(yticks=range(len(names)), yticklabels=_plain(names), ylim=(len(names) - 0.5, -0.5), xlim=(0, 100))
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=8, labelcolor=TEXT)
    return _svg(figure, "What the best detections of every class are")


def reliability(analysis: Analysis) -> Markup:
    """Return the share of detections that is right against their scores."""
    calibration = analysis.calibration
    assert calibration is not None
    figure, axes = _axes(3.4, 3.0, xlabel="mean score", ylabel="share that is right")
    known = calibration.counts > 0
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    axes.plot(calibration.scores[known], calibration.precisions[known], "o-", color=BLUE, markersize=4)
    axes.set(xlim=(0, 1), ylim=(0, 1.02))
    return _svg(figure, "Share of detections that is right against their score")


def slice_bars(names: Sequence[str], precisions: Sequence[float], ceilings: Sequence[float] | None, by: str) -> Markup:
    """Return the results of kinds of object as bars, with marks for what windows cover."""
    figure, axes = _axes(4.2, 0.75 + ROW * 1.3 * len(names), xlabel="%", sides="x")
    places = range(len(names))
    axes.barh(places, np.nan_to_num([100 * value for value in precisions]), color=BLUE, height=0.7)
    if ceilings is not None:
        reached = [100 * value for value in ceilings]
        axes.plot(reached, places, "|", color=ORANGE, markersize=12, markeredgewidth=2.5, clip_on=False)
    axes.set(yticks=places, yticklabels=names, ylim=(len(names) - 0.5, -0.5), xlim=(0, 102))
    return _svg(figure, f"Results by {by} of the objects")


def _axes(width: float, height: float, *, sides: str = "both", **labels: str) -> tuple["Figure", "Axes"]:
    """Return axes so many inches large, with a grid across one or both sides."""
    from matplotlib.figure import Figure

    figure = Figure((width, height), layout="constrained")
    axes = figure.add_subplot(**labels)
    axes.patch.set_alpha(0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(TEXT)
    axes.tick_params(colors=TEXT, labelsize=8)
    axes.xaxis.label.set(color=TEXT, fontsize=8)
    axes.yaxis.label.set(color=TEXT, fontsize=8)
    axes.grid(axis=sides, color=GREY, alpha=0.3, linewidth=0.6)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    return figure, axes


def _plain(names: Sequence[str]) -> list[str]:
    """Return names in which no letter means mathematics."""
    return [name.replace("$", r"\$") for name in names]


def _svg(figure: "Figure", title: str) -> Markup:
    """Return a figure as an element of a page, its title for those who do not see it.

    What refers to elsewhere goes, and so do the names of its parts that nothing refers to: those of several figures
    would be the same.
    """
    from matplotlib import rc_context

    file = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": title}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # the reader's browser has the letters
        figure.savefig(file, format="svg", transparent=True)
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", file.getvalue(), flags=re.DOTALL)
    text = text[text.index("<svg") :]
    used = set(re.findall(r"(?:url\(|href=\")#([\w-]+)", text))
    text = re.sub(r' id="([^"]+)"', lambda match: match[0] if match[1] in used else "", text)
    text = re.sub(r"(font: [\w.]+) [^;\"]*", r"\1 sans-serif", text)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"| version="1.1"', "", text).replace("xlink:href", "href")
    opening = Markup('<svg width="{:.0f}" viewBox="{}" role="img" aria-label="{}">')
    [box] = re.findall(r'viewBox="([^"]*)"', text[: text.index(">")])
    text = opening.format(96 * figure.get_figwidth(), box, title) + Markup(text[text.index(">") + 1 :])
    return Markup(re.sub(r"\s*\n\s*", "\n", text).replace(TEXT, "currentColor"))
