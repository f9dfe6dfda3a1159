"""Our selective search against OpenCV's, on one thread: time, recall, growth with the image, where the time goes.

python -m sppnet.tools.benchmarks.proposals \
    --data VOC2007 [--parts fast,quality,scaling,stages] [--images 200] [--json FILE]

`make bench-proposals` runs it where OpenCV has its contributed modules. Methods take turns on every image, another one
first each time, so that a busy machine slows all alike. A clock runs from the decoded RGB pixels to the boxes; all code
is compiled and loaded before it starts.
"""

import io
import json
import platform
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import cv2
import numba
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from sppnet.data import VOC, DataError, write_whole
from sppnet.proposals import MODES, ProposalError, SelectiveSearch
from sppnet.proposals.colours import Image, convert, smooth
from sppnet.proposals.grouping import describe, group
from sppnet.proposals.ranking import rank
from sppnet.proposals.segmentation import Graph, contacts, segmentations, superpixel_graph
from sppnet.proposals.settings import MAX_PIXELS
from sppnet.proposals.superpixels import Ints, Nodes, average, edge_levels, superpixels

from ..command.console import BAD_DATA, say, seed_option
from ..command.progress import Progress
from .opencv_windows import search_one

PARTS = ("fast", "quality", "scaling", "stages")
NO_LIMIT = 1_000_000
CURVE = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)  # numbers of windows that are plotted
TABLED = ("500", "1000", "2000", "all")
IOUS = (0.5, 0.7)
MEASURES = (*(f"recall@{iou}" for iou in IOUS), "MABO")
RESAMPLES = 1000
RUNS = 7  # of each size, and of the copy; their median counts
SHIPPED, REVERSED = "OpenCV", "OpenCV reversed"
SIZES = ((250, 188), (500, 375), (1000, 750), (2000, 1500))  # width and height
USUAL_SIZE = "500 x 375"
ENLARGED, ENLARGED_IMAGES = 3, 50
WORK_PIXELS = {"no bound": MAX_PIXELS, "default": None, "1,000,000": 1_000_000, "187,500": 187_500}
COPIED = 1 << 28  # bytes, more than any cache holds

Report = dict[str, Any]
opencv: Any = cv2  # whose types are those of the build without contrib modules
Floats = npt.NDArray[np.float64]
Boxes = npt.NDArray[np.float32]
Method = Callable[[Image], Boxes]
Labels = npt.NDArray[np.int64]
Subject = tuple[Image, Boxes, Labels]  # with its ordinary objects and their labels
# What a method did on an image: its seconds, how many windows it found, and (objects, cuts), the overlap of each object
# with the best of the first so many windows.
Run = tuple[float, int, Floats]


@click.command()
@click.option("--data", envvar="SPPNET_VOC2007", type=click.Path(path_type=Path), required=True, help="A VOC folder.")
@click.option("--split", default="val", help="Image set whose first images are searched.")
@click.option("--parts", default=",".join(PARTS), help="What to measure.", show_default=True)
@click.option("--images", default=200, type=click.IntRange(1), help="For the fast modes, and for the stages.")
@click.option("--quality-images", default=40, type=click.IntRange(1), help="For the quality modes.")
@seed_option
@click.option("--plots", type=click.Path(path_type=Path, file_okay=False), help="Folder for a picture of recall.")
@click.option("--json", "file", metavar="FILE|-", help="Write one JSON object; - prints it instead of the tables.")
def main(data: Path, split: str, parts: str, plots: Path | None, file: str | None, **settings: int) -> None:
    """Compare the modes of our selective search with OpenCV's."""
    chosen = parts.split(",")
    if not set(chosen) <= set(PARTS):
        raise click.UsageError(f"--parts must be some of {','.join(PARTS)}, not {parts}")
    if not hasattr(opencv, "ximgproc"):
        raise click.UsageError("this OpenCV lacks its contributed modules: run `make bench-proposals`")
    cv2.setNumThreads(1)
    numba.set_num_threads(1)
    try:
        with Progress() as progress:
            measured = _measure(VOC(data, split), chosen, progress, **settings)
    except (DataError, ProposalError) as error:
        say(f"error: {error}")
        click.get_current_context().exit(BAD_DATA)
    versions = {"opencv": cv2.__version__, "numba": numba.__version__, "numpy": np.__version__}
    report = {"split": split, **settings, "machine": platform.platform(), "versions": versions, **measured}
    if plots and "fast" in measured:
        _plot(measured["fast"], plots / "sppnet.proposals.png")
    if file and file != "-":
        write_whole(Path(file), json.dumps(report).encode())
    if file == "-":
        print(json.dumps(report))
    else:
        _show(measured)


def _measure(voc: VOC, parts: Sequence[str], progress: Progress, images: int, quality_images: int, seed: int) -> Report:
    """Return the results of every part that is asked for."""

    def compare(title: str, count: int, methods: dict[str, Method], cuts: Sequence[int], enlarge: int = 1) -> Any:
        subjects = _subjects(voc, min(count, len(voc)), enlarge, lambda *done: progress(title, *done))
        return {"title": title, **_compare(subjects, methods, cuts, seed)}

    found: Report = {}
    if "fast" in parts:
        methods = {SHIPPED: _opencv("fast"), "fast": _ours("fast"), "turbo": _ours("turbo")}
        found["fast"] = compare("fast modes", images, methods, (*CURVE, NO_LIMIT))
    if "quality" in parts:
        methods = {SHIPPED: _opencv("quality"), "quality": _ours("quality")}
        found["quality"] = compare("quality modes", quality_images, methods, (NO_LIMIT,))
    if "scaling" in parts:
        found["scaling"] = _scale(voc.image(0), progress)
        methods = {name: _ours("fast", most) for name, most in WORK_PIXELS.items()}
        title = f"fast with bounds of work_pixels, images enlarged {ENLARGED} times"
        found["bound"] = compare(title, min(images, ENLARGED_IMAGES), methods, (2000,), ENLARGED)
    if "stages" in parts:
        found["stages"] = _time_stages([voc.image(i) for i in range(min(images, len(voc)))], progress)
    return found


def _timed(function: Callable[..., Any], *arguments: Any, **settings: Any) -> tuple[Any, float]:
    """Return what a call returns, and its seconds."""
    start = perf_counter()
    result = function(*arguments, **settings)
    return result, perf_counter() - start


def _opencv(mode: str) -> Method:
    search = opencv.ximgproc.segmentation.createSelectiveSearchSegmentation()
    return lambda image: search_one(search, image, mode)


def _ours(mode: str, work_pixels: int | None = None) -> Method:
    return SelectiveSearch(mode=mode, work_pixels=work_pixels, limit=NO_LIMIT)


def _subjects(voc: VOC, count: int, enlarge: int, progress: Callable[[int, int], None]) -> Iterator[Subject]:
    """Yield the first images and their ordinary objects, so many times as wide and as high."""
    for i in range(count):
        image, target = voc[i]
        if enlarge > 1:
            image = np.asarray(cv2.resize(image, None, fx=enlarge, fy=enlarge, interpolation=cv2.INTER_CUBIC))
        ordinary = ~target["difficult"]
        yield image, enlarge * target["boxes"][ordinary], target["labels"][ordinary]
        progress(i + 1, count)


def _compare(subjects: Iterator[Subject], methods: dict[str, Method], cuts: Sequence[int], seed: int) -> Report:
    """Return times and scores of methods, the first of which the others are held against.

    OpenCV's list is scored backwards too, where its order matters: that costs no time.
    """
    runs: dict[str, list[Run]] = defaultdict(list)
    labels: list[Labels] = []
    for number, (image, objects, of_objects) in enumerate(subjects):
        for method in methods.values() if number == 0 else ():
            method(image)  # compiles and loads its code
        labels.append(of_objects)
        order = np.roll([*methods], number).tolist()
        for name, (windows, seconds) in {name: _timed(methods[name], image) for name in order}.items():
            runs[name].append((seconds, len(windows), _best_overlaps(windows, objects, cuts)))
            if name == SHIPPED and len(cuts) > 1:
                runs[REVERSED].append((seconds, len(windows), _best_overlaps(windows[::-1], objects, cuts)))
    return _evaluate(runs, labels, cuts, seed)


def _best_overlaps(windows: Boxes, boxes: Boxes, cuts: Sequence[int]) -> Floats:
    """Return (M, cuts): for each box the intersection over union with the best of the first so many windows."""
    ours, theirs = boxes[:, None].astype(np.float64), windows.astype(np.float64)
    sides = np.minimum(ours[..., 2:], theirs[:, 2:]) - np.maximum(ours[..., :2], theirs[:, :2])
    inside = np.maximum(sides, 0).prod(axis=-1)
    areas = [(each[..., 2:] - each[..., :2]).prod(axis=-1) for each in (ours, theirs)]
    best: Floats = np.maximum.accumulate(inside / (areas[0] + areas[1] - inside), axis=1)
    return best[:, np.minimum(cuts, len(windows)) - 1]


def _evaluate(runs: dict[str, list[Run]], labels: list[Labels], cuts: Sequence[int], seed: int) -> Report:
    """Return times, scores and their differences; the same images are drawn for all methods of a difference."""
    count = len(labels)
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    weights = np.vstack([np.ones(count), draws])[:, np.repeat(np.arange(count), [len(each) for each in labels])]
    if not weights.size:
        raise DataError(f"the first {count} images have no ordinary objects")
    columns = {name: list(zip(*of_method, strict=True)) for name, of_method in runs.items()}
    scores = {name: _scores(overlaps, labels, weights) for name, (_, _, overlaps) in columns.items()}
    first = next(iter(runs))
    its_seconds = columns[first][0]
    methods = {}
    for name, (seconds, windows, _) in columns.items():
        baselines = [base for base in (first, REVERSED) if base in runs and name not in (base, first)]
        methods[name] = {
            "milliseconds": {"median": 1e3 * np.median(seconds), "mean": 1e3 * np.mean(seconds)},
            "times_faster": {
                "total": sum(its_seconds) / sum(seconds),
                "median": np.median(its_seconds / np.array(seconds)),
            },
            "windows": np.mean(windows),
            "scores": _intervals(scores[name], cuts),
            "minus": {base: _intervals(scores[name] - scores[base], cuts) for base in baselines},
        }
    return {"images": count, "objects": weights.shape[1], "methods": methods}


def _scores(best: Sequence[Floats], of_images: Sequence[Labels], weights: Floats) -> Floats:
    """Return each measure at each cut for each weighting of the objects: (measures, weightings, cuts), 0 to 1.

    MABO averages over the objects of a class, then over the classes there are (Uijlings et al. 2013, section 5).
    """
    overlaps, labels = np.concatenate(best), np.concatenate(of_images)

    def average(values: npt.NDArray[Any], rows: npt.NDArray[np.bool_]) -> Floats:
        with np.errstate(invalid="ignore"):  # a draw can miss every image of a class: NaN
            means: Floats = weights[:, rows] @ values[rows] / weights[:, rows].sum(axis=1, keepdims=True)
        return means

    classes = [average(overlaps, labels == label) for label in np.unique(labels)]
    return np.stack([*(average(overlaps >= iou, labels >= 0) for iou in IOUS), np.nanmean(classes, axis=0)])


def _intervals(scores: Floats, cuts: Sequence[int]) -> dict[str, dict[str, list[float]]]:
    """Return measure -> cut -> the value, of the first weighting, and the bounds of 95 % of the others."""
    bounds = np.nanquantile(scores[:, 1:], (0.025, 0.975), axis=1)
    rows = np.stack([scores[:, 0], *bounds], axis=-1).tolist()
    names = ["all" if cut == NO_LIMIT else str(cut) for cut in cuts]
    return {measure: dict(zip(names, row, strict=True)) for measure, row in zip(MEASURES, rows, strict=True)}


def _scale(image: Image, progress: Progress) -> list[Report]:
    """Return what one photograph costs at several sizes in each mode, each measured in a process of its own."""
    rows: list[Report] = []
    cases = list(product([mode for mode in MODES if mode != "exact"], SIZES))
    for number, (mode, (width, height)) in enumerate(cases, 1):
        method = cv2.INTER_AREA if width < image.shape[1] else cv2.INTER_CUBIC
        resized: Image = np.asarray(cv2.resize(image, (width, height), interpolation=method), np.uint8)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            row = process.submit(_measure_one_size, mode, resized).result()
        rows.append({"mode": mode, "size": f"{width} x {height}", **row})
        progress("scaling", number, len(cases))
    usual = {row["mode"]: row["ns_per_pixel"] for row in rows if row["size"] == USUAL_SIZE}
    return [row | {"relative": row["ns_per_pixel"] / usual[row["mode"]]} for row in rows]


def _measure_one_size(mode: str, image: Image) -> dict[str, float]:
    """Return time and peak memory of the search of one image, in a process that has searched a tiny one before.

    Memory is how far the process grows beyond what is resident before the search. Linux keeps that peak in VmHWM, and
    forgets it when 5 is written to clear_refs; ru_maxrss would do neither, for it starts with the parent's peak.
    """
    cv2.setNumThreads(1)
    numba.set_num_threads(1)
    search = _ours(mode, MAX_PIXELS)
    search(np.ascontiguousarray(image[:32, :32]))
    Path("/proc/self/clear_refs").write_text("5")
    before = _resident_bytes("VmRSS")
    search(image)
    growth = _resident_bytes("VmHWM") - before
    median = float(np.median([_timed(search, image)[1] for _ in range(RUNS)]))
    pixels = image.shape[0] * image.shape[1]
    return {"milliseconds": 1e3 * median, "ns_per_pixel": 1e9 * median / pixels, "bytes_per_pixel": growth / pixels}


def _resident_bytes(field: str) -> int:
    """Return the present (VmRSS) or the greatest (VmHWM) resident size of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


class Clock(dict[str, Any]):
    """For each stage of a search its calls, its seconds, and the bytes of the arrays that it must read and write."""

    def __call__(self, stage: str, reads: Any, function: Callable[..., Any], *arguments: Any, **settings: Any) -> Any:
        """Return what a stage returns; it must read `reads` and write the result, each array of them once."""
        result, seconds = _timed(function, *arguments, **settings)
        size = sum({id(array): array.nbytes for array in _arrays((reads, result))}.values())
        self[stage] = np.add(self.get(stage, 0), (1, seconds, size))
        return result


def _arrays(values: Any) -> Iterator[npt.NDArray[Any]]:
    if isinstance(values, np.ndarray):
        yield values
    else:
        for value in values:
            yield from _arrays(value)


def _time_stages(images: Sequence[Image], progress: Progress) -> Report:
    """Return milliseconds and bytes per image of each stage of the fast mode, and how long a copy of them takes.

    No stage can be faster than memory is. The copy is of arrays larger than the caches, its speed counts the bytes
    read and those written.
    """
    search = SelectiveSearch(work_pixels=MAX_PIXELS, limit=NO_LIMIT)
    assert np.array_equal(_search_in_stages(images[0], search, Clock()), search(images[0]))
    clock, whole = Clock(), 0.0
    for number, image in enumerate(images, 1):
        _search_in_stages(image, search, clock)
        whole += _timed(search, image)[1]
        progress("stages", number, len(images))
    source, target = np.ones(COPIED, np.uint8), np.zeros(COPIED, np.uint8)
    speed = 2 * COPIED / float(np.median([_timed(np.copyto, target, source)[1] for _ in range(RUNS)]))
    stages = {}
    for name, totals in clock.items():
        calls, seconds, size = (totals / len(images)).tolist()
        stages[name] = {"calls": calls, "milliseconds": 1e3 * seconds, "bytes": size, "copy_ms": 1e3 * size / speed}
    whole_ms = 1e3 * whole / len(images)
    return {"images": len(images), "copy_bytes_per_second": speed, "search_milliseconds": whole_ms, "stages": stages}


def _search_in_stages(image: Image, search: SelectiveSearch, clock: Clock) -> Boxes:
    """Return the windows of an image that is not shrunk: the steps of SelectiveSearch, without texture."""
    lab = clock("convert", image, convert, image, "lab")
    planes = clock("smooth", lab, smooth, lab, search.sigma)
    levels = clock("edge_levels", planes, edge_levels, planes)
    nodes = clock("superpixels", (planes, levels), superpixels, planes, levels)
    touching = clock("contacts", nodes.labels, contacts, nodes)
    found: list[Ints] = []
    for colours in search.colours:
        converted, lengths = lab, levels
        if colours != "lab":
            converted = clock("convert", image, convert, image, colours)
            planes = clock("smooth", converted, smooth, converted, search.sigma)
            lengths = clock("edge_levels", planes, edge_levels, planes)
        graph = clock("superpixel_graph", (touching, lengths), superpixel_graph, nodes, touching, lengths)
        means = clock("average", (nodes.labels, nodes.sizes, converted), average, nodes, converted)
        found += _group_in_stages(nodes, graph, means, search, clock)
    best: Boxes = clock("rank", found, rank, found, min_side=search.min_side, limit=search.limit, seed=search.seed)
    return best


def _group_in_stages(nodes: Nodes, graph: Graph, means: Image, search: SelectiveSearch, clock: Clock) -> Iterator[Ints]:
    for segments in clock("segmentations", graph, list, segmentations(graph, search.k, search.min_size)):
        read = (segments, nodes.sizes, nodes.boxes, means)
        regions = clock("describe", read, describe, segments, nodes, colours=means, textures=means[:, :0])
        for terms in search.strategies:
            reads = (regions.sizes, regions.boxes, regions.pairs, regions.colours if "colour" in terms else ())
            yield clock("group", reads, group, regions, terms=terms)


def _plot(comparison: Report, file: Path) -> None:
    """Draw recall and MABO against the number of windows."""
    from matplotlib.figure import Figure  # here: only this function needs it

    figure = Figure(figsize=(10, 4), layout="constrained")
    for axes, measure in zip(figure.subplots(1, 2), (MEASURES[0], MEASURES[-1]), strict=True):
        for name, method in comparison["methods"].items():
            values = [method["scores"][measure][str(cut)][0] for cut in CURVE]
            axes.plot(CURVE, values, marker=".", label=name)
        axes.set(xscale="log", ylim=(0, 1), xlabel="windows per image", ylabel=measure)
        axes.grid(alpha=0.3)
        axes.legend()
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=150)
    write_whole(file, picture.getvalue())


def _show(measured: Report) -> None:
    console = Console(width=120)
    for part, result in measured.items():
        if "methods" in result:
            console.print(_times_table(result), _scores_table(result["methods"]))
        else:
            console.print(_stages_table(result) if part == "stages" else _scaling_table(result))


def _times_table(comparison: Report) -> Table:
    methods = comparison["methods"]
    title = f"{comparison['title']}: {comparison['images']} images, {comparison['objects']} objects"
    faster = f"times as fast as {next(iter(methods))}"
    table = Table("", "ms, median", "mean", faster, "median over images", "windows per image", title=title)
    for name, method in methods.items():
        values = (*method["milliseconds"].values(), *method["times_faster"].values())
        table.add_row(name, *(f"{value:.1f}" for value in values), f"{method['windows']:.0f}")
    return table


def _scores_table(methods: Report) -> Table:
    baselines = list(dict.fromkeys(base for method in methods.values() for base in method["minus"]))
    minus = (f"points above {base}" for base in baselines)
    table = Table("", "windows", "", "percent", *minus, title="scores, with 95 % intervals")
    cuts = [cut for cut in next(iter(methods.values()))["scores"]["MABO"] if cut in TABLED]
    for measure, cut in product(MEASURES, cuts):
        for name, method in methods.items():
            columns = [(method["scores"], ""), *((method["minus"].get(base), "+") for base in baselines)]
            cells = [_cell(scores[measure][cut], sign) if scores else "" for scores, sign in columns]
            table.add_row(measure, cut, name, *cells)
        table.add_section()
    return table


def _cell(interval: Sequence[float], sign: str) -> str:
    value, low, high = (f"{100 * each:{sign}.1f}" for each in interval)
    return f"{value} ({low} to {high})"


def _scaling_table(rows: list[Report]) -> Table:
    columns = ("mode", "size", "ms", "ns per pixel", f"that of {USUAL_SIZE}", "peak bytes per pixel")
    table = Table(*columns, title="one photograph at several sizes")
    for row in rows:
        values = (f"{row[name]:.1f}" for name in ("milliseconds", "ns_per_pixel"))
        table.add_row(row["mode"], row["size"], *values, f"{row['relative']:.2f}", f"{row['bytes_per_pixel']:.0f}")
    return table


def _stages_table(result: Report) -> Table:
    title = f"stages of fast, {result['images']} images; a copy moves {result['copy_bytes_per_second'] / 1e9:.1f} GB/s"
    table = Table("stage", "calls", "ms per image", "MB read and written", "ms to copy", "times the copy", title=title)
    for name, stage in result["stages"].items():
        milliseconds, copy = stage["milliseconds"], stage["copy_ms"]
        last = (f"{stage['bytes'] / 1e6:.2f}", f"{copy:.3f}", f"{milliseconds / copy:.1f}")
        table.add_row(name, f"{stage['calls']:.0f}", f"{milliseconds:.2f}", *last)
    total = sum(stage["milliseconds"] for stage in result["stages"].values())
    table.add_row("all stages", "", f"{total:.2f}")
    table.add_row("the search itself", "", f"{result['search_milliseconds']:.2f}")
    return table


if __name__ == "__main__":
    main()
