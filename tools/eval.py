"""`sppnet eval`: a model, or detections from a file, scored on the annotated images of a data set."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from sppnet.data import METRICS, Analysis, DataSet, analyse, coco_results, detections_json, read_detections, write_whole

from .command.console import (
    deterministic_option,
    device_option,
    engine_option,
    find_device,
    finish,
    json_option,
    lenient_option,
    say,
    set_threads,
    threads_option,
    workers_option,
)
from .command.inputs.items import Items
from .command.inputs.splits import format_option, open_split
from .command.options.choices import ChoiceOf
from .command.options.completing import complete_split
from .command.options.inference_options import chosen_inference, inference_options
from .command.running.holding import hold
from .command.running.models import BUNDLED, load, merge_option, models_option
from .command.running.predicting import detect_all, found_in, look
from .command.spreading.carrying import carried, digests
from .command.spreading.cluster import Cluster, ray_option
from .command.spreading.entries import objects_entry
from .command.spreading.records import Records
from .command.spreading.shards import Shard, shard_option
from .command.warm import warm_up
from .reports.evaluation import markdown, show
from .reports.page.watching import Watcher
from .training.memory import learned_images

INFERENCE = ("scales", "mirror", "soft", "voting")  # the options that say how images are looked at


def _classes(_context: click.Context, _option: click.Parameter, text: str | None) -> list[str] | None:
    if text is None:
        return None
    names = [name.strip() for name in text.split(",")]
    if not all(names) or len(set(names)) < len(names):
        raise click.BadParameter(f"{text!r} must be distinct names with commas between")
    return names


def _report(_context: click.Context, _option: click.Parameter, file: Path | None) -> Path | None:
    if file is not None and file.suffix not in (".md", ".json", ".html"):
        raise click.BadParameter(f"{file} must end in .md, .json or .html")
    return file


@click.command("eval")
@models_option
@merge_option
@click.option("--from", "source", type=click.Path(path_type=Path), help="Score the detections in this file instead.")
@click.option("--classes", callback=_classes, help="With --from: its classes in order.  [default: those annotated]")
@click.option("--data", "root", type=click.Path(path_type=Path), required=True, help="Data set with the truth.")
@click.option(
    "--split",
    shell_complete=complete_split,
    help="Image set.  [default: val, valid or test if there is one, else all annotated images]",
)
@format_option
@click.option(
    "--metrics",
    type=ChoiceOf(lambda: METRICS, several=True),
    default="voc07",
    help=f"{', '.join(METRICS)}, with commas between.",
)
@click.option("--windows", type=click.Path(path_type=Path), help="Take windows from this file: .npz, .json or .mat.")
@click.option("--no-regression", is_flag=True, help="Leave windows where they are.")
@inference_options
@click.option("--limit", type=click.IntRange(1), help="Only so many images, the first.")
@click.option(
    "--report", type=click.Path(path_type=Path), callback=_report, help="Write the result: .md, .json, .html."
)
@click.option("--save-detections", type=click.Path(path_type=Path), help="Write what was found, for --from.")
@click.option(
    "--save-coco",
    type=click.Path(path_type=Path),
    help="Write what was found as COCO's results, with the numbers that images and categories have in the data set.",
)
@shard_option
@ray_option
@lenient_option
@json_option
@device_option
@engine_option
@threads_option
@deterministic_option
@workers_option
def command(
    models: tuple[Path, ...],
    merge: str,
    source: Path | None,
    classes: list[str] | None,
    root: Path,
    split: str | None,
    data_format: str | None,
    metrics: list[str],
    windows: Path | None,
    no_regression: bool,
    limit: int | None,
    report: Path | None,
    save_detections: Path | None,
    save_coco: Path | None,
    shard: Shard | None,
    ray: str | None,
    lenient: bool,
    as_json: bool,
    device: str,
    engine: str,
    threads: int | None,
    deterministic: bool,
    workers: int,
    **settings: Any,
) -> None:
    """Score a model on annotated images, by average precision of each class and its mean (mAP)."""
    if models and source is not None:
        raise click.UsageError("give either a model with -m or detections with --from")
    if source is not None and windows is not None:
        raise click.UsageError("--windows is for a model: the detections of --from have been made")
    if source is not None and any(settings.values()):
        names = ", ".join(f"--{name}" for name, value in settings.items() if value)
        raise click.UsageError(f"{names}: for a model, the detections of --from have been made")
    if source is None and classes is not None:
        raise click.UsageError("a model brings its own classes: --classes is for --from")
    if source is not None and (shard or ray):
        raise click.UsageError("--shard and --ray are for a model: the detections of --from have been made")
    if shard and (save_detections is None or report or save_coco):
        raise click.UsageError(
            "--shard K/N only detects: give --save-detections FILE, and leave --report and --save-coco to "
            "`sppnet eval --from FILE` after `sppnet merge FILE`"
        )
    watcher = Watcher() if source is None and report is not None and report.suffix == ".html" else None
    if source is not None:
        data = open_split(root, split, usual="val", classes=classes, lenient=lenient, data_format=data_format)
        _check_numbered(data, save_coco)
        given = read_detections(
            source,
            data.ids,
            data.classes,
            ignored=data.dropped,
            image_ids=data.image_ids,
            category_ids=data.category_ids,
        )
        found, milliseconds, skipped = dict(list(enumerate(given))[:limit]), dict[str, float](), 0
        learned = None
    else:
        set_threads(threads, deterministic=deterministic)
        device = find_device(device, deterministic=deterministic)
        network = load(models, merge, device, engine, regression=not no_regression)
        data = open_split(root, split, usual="val", classes=network.classes, lenient=lenient, data_format=data_format)
        _check_numbered(data, save_coco)
        records = _records(save_detections, shard, models, network.classes) if save_detections and shard else None
        items = Items(data, limit, lenient=lenient, windows=windows, records=records)
        warm_up(*([network.search] if windows is None else []))
        inference, cluster = chosen_inference(settings), None
        if ray:
            make = carried(look, (inference, watcher is not None), models, merge, device, engine, not no_regression)
            cluster = Cluster(ray, make, gpu=device != "cpu")
        if records:
            for number, objects, _ in found_in(network, items, workers, inference, cluster=cluster):
                records.add(data.ids[number], objects_entry(objects))
            records.finish()
            finish(skipped=bool(data.problems) or records.skipped > 0)
        found, milliseconds = detect_all(network, items, workers, inference, watcher, cluster)
        skipped = items.skipped
        learned = learned_images(network, data, list(found))
    detections, targets = list(found.values()), [data.target(number) for number in found]
    analysis = None
    if report is not None and report.suffix == ".html":
        analysis = analyse(detections, targets, data.classes, watcher.best_windows() if watcher else None)
    result = {
        "images": len(found),
        "metrics": {name: _scores(analysis, name, detections, targets, data.classes) for name in metrics},
        "milliseconds": milliseconds,
        "learned_images": learned,
    }
    if as_json:
        click.echo(json.dumps(result))
    else:
        show(result)
    if save_detections is not None:
        named = ((data.ids[number], objects) for number, objects in found.items())
        write_whole(save_detections, detections_json(named, data.classes).encode())
    if save_coco is not None:
        categories = [data.category_ids.get(name) for name in data.classes]
        if unknown := [name for name, number in zip(data.classes, categories, strict=True) if number is None]:
            say(f"{save_coco}: without objects of {', '.join(unknown)}, which are no categories of {root}")
        numbered = ((data.image_ids[data.ids[number]], objects) for number, objects in found.items())
        write_whole(save_coco, coco_results(numbered, categories).encode())
    if report is not None:
        tested = [] if source else [str(model) for model in models or (BUNDLED,)]
        title = f"{source or ' and '.join(tested)} on {data.root.name} {data.split or 'all images'}"
        if analysis:
            from .reports.page.page import page  # here: jinja2 and matplotlib take a while to import

            text = page(analysis, data, list(found), title=title, models=tested, learned=learned, watcher=watcher)
            write_whole(report, text.encode())
        else:
            write_report(report, result, title)
    finish(skipped=bool(data.problems) or skipped > 0)


def _records(output: Path, shard: Shard, models: Sequence[Path], classes: Sequence[str]) -> Records:
    """Return where a shard notes what it finds, with what all shards of the run have in common."""
    given = click.get_current_context().params
    settings = {name: given[name] for name in ("merge", "no_regression", "split", "data_format", "limit", *INFERENCE)}
    settings["windows"] = given["windows"] and [given["windows"].name, given["windows"].stat().st_size]
    hold(shard.file(output), option="--save-detections")
    return Records(output, shard, {"verb": "eval", "models": digests(models), "classes": classes, "settings": settings})


def _scores(analysis: Analysis | None, name: str, detections: Any, targets: Any, classes: Sequence[str]) -> Any:
    """Return the scores by a metric, those of the analysis where it has been made."""
    known = analysis.sureness.scores if analysis else {}
    return known[name] if name in known else METRICS[name](detections, targets, classes)


def _check_numbered(data: DataSet, save_coco: Path | None) -> None:
    if save_coco is not None and not data.image_ids:
        raise click.UsageError(
            f"--save-coco: {data.root} has no numbers of images and categories, as COCO's files have"
        )


def write_report(file: Path, result: dict[str, Any], title: str) -> None:
    """Write the result of an evaluation as JSON, or as a markdown document if the name ends in .md."""
    text = json.dumps(result, indent=2) + "\n" if file.suffix == ".json" else markdown(result, title)
    write_whole(file, text.encode())
