"""The page put together: analysis, figures and pictures into one HTML file that needs nothing else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from sppnet.data import HOIEM_KINDS, Analysis, DataSet

from . import figures, sections
from .examples import Example, confused_pairs, false_alarms, misses
from .thumbnails import thumbnails
from .watching import Watcher

FOLDER = Path(__file__).parent


def page(
    analysis: Analysis,
    data: DataSet,
    numbers: Sequence[int],
    *,
    title: str,
    models: Sequence[str],
    learned: int | None = None,
    watcher: Watcher | None = None,
) -> str:
    """Return the HTML of a report.

    Args:
        analysis: Of the detections.
        data: The data set, which the pictures are read from.
        numbers: Of its images, those analysed, in order.
        title: What was tested on what.
        models: Of the command lines it shows; none for detections from a file.
        learned: How many of the images the model has learned from; None if that is not known.
        watcher: What was seen of the model at work; None for detections from a file.
    """
    ids = [data.ids[number] for number in numbers]
    pairs = confused_pairs(analysis)
    groups = {
        **{f"False alarms, {kind}": examples for kind, examples in false_alarms(analysis).items()},
        "Objects not found": misses(analysis),
        "Most confused": [
            example._replace(text=f"{true} called {called}, {count} times: {example.text}")
            for true, called, count, example in pairs
        ],
    }
    drawn = sections.drawn_classes(analysis)
    milliseconds = watcher.milliseconds if watcher else {}
    return _template().render(
        title=title,
        images=analysis.images,
        objects=int(np.count_nonzero(~analysis.pairs.objects.values)),
        learned=learned,
        detections=len(analysis.pairs.found.labels),
        metrics=sections.metrics(analysis),
        classes=sections.classes(analysis),
        drawn=drawn,
        cut=len(drawn) < sum(each.objects.any() for each in analysis.judged),
        curves=[_curve(analysis, label) for label in drawn],
        **_class_figures(analysis, drawn),
        errors=sections.errors(analysis),
        tide=analysis.tide,
        gains=figures.gains(list(analysis.tide.gains), list(analysis.tide.gains.values())),
        kinds=HOIEM_KINDS,
        similar=bool(analysis.similar.any()),
        mistakes=sections.mistakes(analysis),
        ceiling=sections.ceiling(analysis, watcher.windows / max(1, len(numbers)) if watcher else 0),
        slices=_slices(analysis),
        confusion=sections.confusion(analysis),
        pairs=pairs,
        threshold=analysis.threshold,
        groups=_pictures(groups, data, numbers, ids),
        bins=sections.calibration(analysis),
        calibration=analysis.calibration,
        reliability=figures.reliability(analysis) if analysis.calibration else None,
        command=sections.command(analysis, models),
        stages=sections.stages(milliseconds),
        slowest=sections.slowest(milliseconds, data.ids),
    )


def _template() -> Template:
    loader = FileSystemLoader(FOLDER)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"percent": _percent, "interval": _interval, "count": _count}
    return environment.get_template("page.html")


def _class_figures(analysis: Analysis, drawn: list[int]) -> dict[str, Any]:
    """Return the figures that have a row for each class; None without classes."""
    if not drawn:
        return {"class_figure": None, "mistakes_figure": None}
    names, precisions = [analysis.classes[label] for label in drawn], analysis.sureness.scores["voc07"]["AP"]
    intervals = analysis.sureness.of_classes["voc07"][drawn]
    return {
        "class_figure": figures.class_precisions(names, [precisions[name] for name in names], intervals),
        "mistakes_figure": figures.top_mistakes(names, analysis.mistakes[drawn]),
    }


def _curve(analysis: Analysis, label: int) -> dict[str, Any]:
    name, threshold = analysis.classes[label], analysis.thresholds[label]
    figure = figures.precision_recall(name, analysis.judged[label], threshold.score if threshold else None)
    return {"name": name, "figure": figure, "value": analysis.sureness.scores["voc12"]["AP"][name]}


def _slices(analysis: Analysis) -> list[dict[str, Any]]:
    """Return the results by size, aspect and number, each with its figure."""
    tables = []
    for by in dict.fromkeys(each.by for each in analysis.slices):
        rows = [each for each in analysis.slices if each.by == by]
        ceilings = [each.ceiling for each in rows if each.ceiling is not None]
        figure = figures.slice_bars(
            [each.name for each in rows], [each.precision for each in rows], ceilings or None, by
        )
        tables.append({"by": by, "rows": rows, "figure": figure})
    return tables


def _pictures(
    groups: dict[str, list[Example]], data: DataSet, numbers: Sequence[int], ids: Sequence[str]
) -> dict[str, list[Any]]:
    """Return the pictures of all examples by group, those without any left out."""
    examples = [example for group in groups.values() for example in group]
    made = iter(thumbnails(examples, ids, lambda place: data.image(numbers[place])))
    return {name: [next(made) for _ in group] for name, group in groups.items() if group}


def _percent(value: float | None, digits: int = 1) -> str:
    return "-" if value is None or np.isnan(value) else f"{100 * value:.{digits}f}"


def _interval(ends: Sequence[float] | None) -> str:
    """Return an interval in percent; draws that all score the same tell none."""
    return f"{100 * ends[0]:.1f} to {100 * ends[1]:.1f}" if ends and ends[0] < ends[1] else "-"


def _count(value: int) -> str:
    return f"{value:,}"
