"""The result of a race of detectors: numbers, tables beside the paper's, and a picture of stacked bars."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from sppnet.data import METRICS, DataSet

from .canvas import DOTS, SMALL, png
from .laps import Contender, Lap, Race

BASELINE = "R-CNN"
SHARED = ("decode", "proposals")
STAGES = (
    *SHARED,
    *("warping", "conv", "pooling", "fc", "scores", "suppression", "regression", "other", "network"),
)
# He et al. 2015, tables 9 and 10: milliseconds on a GPU, averages of 100 images, ZF-5, without decoding and proposals.
PAPER = (
    {"name": "SPP-net", "conv": 53, "fc": 89, "total": 142, "ratio": 102},
    {"name": "SPP-net, 5 scales", "conv": 293, "fc": 89, "total": 382, "ratio": 38},
    {"name": BASELINE, "conv": 14_370, "fc": 89, "total": 14_460, "ratio": 1},
)
WIDTH, ROW = 9.0, 0.45  # inches, and inches of a bar
COLOURS = (0, 2, 4, 6, 8, 10, 12, 16, 18, 15, 1)  # of matplotlib's twenty, for the stages
WIDE_TO_WHOLE = (3, 1)  # widths of the two panels


def compare(race: Race, data: DataSet) -> dict[str, Any]:
    """Return what a race has shown: {"images", "windows_per_image", "machine", "detectors", "paper"}.

    A detector's "without_proposals" are the milliseconds from pixels and windows to boxes, "with_proposals" those from
    file to boxes. A ratio is R-CNN's time by a detector's, on the images that both saw. What is not known is None.
    """
    return {
        "images": len(race.shared),
        "windows_per_image": _mean(race.windows),
        "machine": {
            "matrix_product_gflops": {name: rate / 1e9 for name, rate in race.rates.operations.items()},
            "copy_gigabytes_per_second": race.rates.bytes / 1e9,
        },
        "detectors": [_detector(race, contender, data) for contender in race.contenders],
        "paper": [dict(row) for row in PAPER],
    }


def show(result: dict[str, Any]) -> None:
    """Print the stages of the detectors of windows with their floors, the totals of all, the notes and the paper's."""
    console = Console()
    images, threads = result["images"], result["threads"]
    console.print(
        f"{images} images, {result['windows_per_image']:,.0f} windows each, {threads} threads", highlight=False
    )
    for table in (stages_table(result), totals_table(result), paper_table(result)):
        console.print(table, "")
    rates = result["machine"]["matrix_product_gflops"]
    floors = ", ".join(f"{rate:.0f} GFLOP/s in {name}" for name, rate in rates.items())
    copied = result["machine"]["copy_gigabytes_per_second"]
    console.print(
        f"Floors: a matrix product at {floors}; memory read and written at {copied:.0f} GB/s. Memory is this whole "
        "process's at its peak while a detector works.",
        *notes(result),
        sep="\n",
        highlight=False,
    )


def stages_table(result: dict[str, Any]) -> Table:
    """Return milliseconds by stage of the detectors of windows, each with its floor and how many times that it is."""
    rows = [row for row in result["detectors"] if "network" not in row["milliseconds"]]
    title = "Stages: ms per image, floor, and how many times the floor"
    table = Table("stage", title=title, box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for row in rows:
        for header in (row["name"].replace(", ", "\n"), "floor", "x"):
            table.add_column(header, justify="right", no_wrap=True)
    for stage in present(rows):
        cells = [(row["milliseconds"].get(stage), row["floors"].get(stage), row["by_floor"].get(stage)) for row in rows]
        table.add_row(stage, *(_number(value) for triple in cells for value in triple))
    return table


def totals_table(result: dict[str, Any]) -> Table:
    """Return the totals of all detectors: rows of milliseconds, images per second, memory, ratios and mAP."""
    table = Table(
        title=f"Totals: ms without and with proposals, and {BASELINE}'s time by it",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("detector", overflow="fold")
    for header in ("ms w/o", "ms with", "img/s", "MB", "x w/o", "x with", "mAP"):
        table.add_column(header, justify="right", no_wrap=True)
    for row in result["detectors"]:
        memory, precision = row["peak_memory_bytes"], row["mAP"]
        table.add_row(
            row["name"],
            _number(row["without_proposals"]),
            _number(row["with_proposals"]),
            _number(row["images_per_second"]),
            _number(None if memory is None else memory / 1e6),
            _number(row["ratio_without_proposals"]),
            _number(row["ratio_with_proposals"]),
            "-" if precision is None else f"{100 * precision:.1f}",
        )
    return table


def paper_table(result: dict[str, Any]) -> Table:
    """Return the paper's rows."""
    title = "The paper, ms on a GPU (ZF-5)"
    table = Table("detector", title=title, box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for header in ("conv", "fc", "ms w/o", "x w/o"):
        table.add_column(header, justify="right")
    for row in result["paper"]:
        table.add_row(row["name"], *(_number(row[name]) for name in ("conv", "fc", "total", "ratio")))
    return table


def notes(result: dict[str, Any]) -> list[str]:
    """Return a line for every note on detectors, and one if a detector saw fewer images than there were."""
    by_note: dict[str, list[str]] = {}
    for row in result["detectors"]:
        by_note.setdefault(row["note"], []).append(row["name"])
    lines = [f"{', '.join(names)}: {note}." for note, names in by_note.items()]
    fewer = [row for row in result["detectors"] if row["images"] < result["images"]]
    return lines + [
        f"{row['name']} saw only the first {row['images']}: its mAP and all ratios are of these." for row in fewer
    ]


def picture(result: dict[str, Any]) -> bytes:
    """Return the PNG of stacked bars: on the left as far as SPP-net's reach, on the right all of them.

    A bar that leaves the left panel is cut there, and ends in an arrow.
    """
    from matplotlib import colormaps  # here: it takes a while
    from matplotlib.figure import Figure

    rows = result["detectors"]
    figure = Figure((WIDTH, 1.6 + ROW * len(rows)), dpi=DOTS, layout="constrained")
    near, far = figure.subplots(1, 2, sharey=True, width_ratios=WIDE_TO_WHOLE)
    limit = 1.2 * max(row["with_proposals"] for row in rows if row["name"].startswith("SPP-net"))
    colours = {stage: colormaps["tab20"](COLOURS[place]) for place, stage in enumerate(STAGES)}
    for axes in (near, far):
        _bars(axes, rows, colours)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlabel("ms per image")
    near.set_xlim(0, limit)
    for place, row in enumerate(rows):
        cut = row["with_proposals"] > limit
        text = f"{row['with_proposals']:,.0f}"
        near.annotate(
            f"{text} \N{RIGHTWARDS ARROW}" if cut else text,
            (limit if cut else row["with_proposals"], place),
            (-4 if cut else 4, 0),
            textcoords="offset points",
            ha="right" if cut else "left",
            va="center",
            fontsize=SMALL,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5} if cut else None,
        )
    near.invert_yaxis()
    near.tick_params("y", length=0)
    far.tick_params("y", length=0)
    far.set_title("all of it", fontsize=SMALL)
    near.set_title(f"{result['images']} images, {result['threads']} threads, from file to boxes", fontsize=SMALL)
    figure.legend(*near.get_legend_handles_labels(), loc="outside lower center", ncols=6, frameon=False, fontsize=SMALL)
    return png(figure)


def present(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the stages that some detector has, in order."""
    return [stage for stage in STAGES if any(stage in row["milliseconds"] for row in rows)]


def _detector(race: Race, contender: Contender, data: DataSet) -> dict[str, Any]:
    laps = race.laps[contender.name]
    shared = ("decode",) if contender.proposes else SHARED
    before = [{stage: times[stage] for stage in shared} for times in race.shared[: len(laps)]]
    milliseconds = _mean_by_stage(before) | _mean_by_stage([lap.milliseconds for lap in laps])
    floors = _mean_by_stage(
        [{stage: race.rates.milliseconds(work) for stage, work in lap.work.items()} for lap in laps if lap.work]
    )
    alone, whole = _totals(race, contender)
    rivals = next(iter(_totals(race, rival) for rival in race.contenders if rival.name == BASELINE), None)
    return {
        "name": contender.name,
        "note": contender.note,
        "images": len(laps),
        "milliseconds": milliseconds,
        "floors": floors,
        "by_floor": {stage: milliseconds[stage] / floor for stage, floor in floors.items() if floor > 0},
        "without_proposals": None if contender.proposes else _mean(alone),
        "with_proposals": _mean(whole),
        "images_per_second": 1000 / _mean(whole),
        "peak_memory_bytes": max((lap.peak for lap in laps if lap.peak is not None), default=None),
        "memory_growth_bytes": max((lap.growth for lap in laps if lap.growth is not None), default=None),
        "ratio_without_proposals": _ratio(rivals[0], alone) if rivals and not contender.proposes else None,
        "ratio_with_proposals": _ratio(rivals[1], whole) if rivals else None,
        "mAP": _precision(race, laps, data),
    }


def _totals(race: Race, contender: Contender) -> tuple[list[float], list[float]]:
    """Return for every image the milliseconds from pixels and windows to boxes, and those from file to boxes."""
    alone = [sum(lap.milliseconds.values()) for lap in race.laps[contender.name]]
    shared = ("decode",) if contender.proposes else SHARED
    before = [sum(times[stage] for stage in shared) for times in race.shared[: len(alone)]]
    return alone, [first + rest for first, rest in zip(before, alone, strict=True)]


def _precision(race: Race, laps: Sequence[Lap], data: DataSet) -> float | None:
    """Return the mAP (VOC07) on the images seen; None if no objects are known, or those found mean nothing."""
    found = {number: lap.objects for number, lap in zip(race.numbers, laps, strict=False) if lap.objects is not None}
    if not found:
        return None
    targets = [data.target(number) for number in found]
    precision: float | None = METRICS["voc07"](list(found.values()), targets, data.classes)["mAP"]
    return precision


def _ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    """Return how many times slower, on the images that both saw."""
    both = min(len(slow), len(fast))
    return sum(slow[:both]) / sum(fast[:both])


def _mean_by_stage(times: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return the mean of every stage, over all images."""
    stages = dict.fromkeys(stage for one in times for stage in one)
    return {stage: _mean([one.get(stage, 0.0) for one in times]) for stage in stages}


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return sum(values) / len(values)


def _bars(axes: Any, rows: Sequence[dict[str, Any]], colours: dict[str, Any]) -> None:
    names, ends = [row["name"] for row in rows], [0.0] * len(rows)
    for stage in present(rows):
        lengths = [row["milliseconds"].get(stage, 0.0) for row in rows]
        axes.barh(names, lengths, left=ends, color=colours[stage], label=stage, height=0.7)
        ends = [end + length for end, length in zip(ends, lengths, strict=True)]


def _number(value: float | None) -> str:
    """Return a value with three digits or all of its whole ones; "-" for an unknown one."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
