"""`sppnet train`: a folder of annotated images in, a model and its score out; what was interrupted can go on."""

import hashlib
import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import click

from sppnet import detector
from sppnet.data import DataSet, Subset, find_format

from .command.console import (
    INTERRUPTED,
    CommandError,
    FiniteRange,
    deterministic_option,
    device_option,
    duration,
    engine_option,
    find_device,
    finish,
    json_option,
    lenient_option,
    say,
    seed_option,
    set_threads,
    threads_option,
    workers_option,
)
from .command.inputs.items import Items
from .command.inputs.splits import format_option, open_split
from .command.options.completing import complete_split
from .command.options.detector_options import network, network_options
from .command.progress import Progress
from .command.running.holding import Cache, hold
from .command.running.planning import fitting, present_leftovers, present_plan, slowness
from .command.spreading.cluster import ray_option
from .command.spreading.preparing import Prepared
from .command.warm import warm_up
from .training.choosing import Task, choose_settings, divided_in_folds
from .training.division import SHARE, divided
from .training.log import FILE as LOG
from .training.log import Log, write_log
from .training.memory import KEY, remember
from .training.resuming import FILE as RUN
from .training.resuming import Run
from .training.scoring import described, drawn, score


@click.command("train")
@click.option("--data", "root", type=click.Path(path_type=Path), required=True, help="Data set to learn from.")
@click.option(
    "--split",
    shell_complete=complete_split,
    help="Image set.  [default: train if there is one, else all annotated images]",
)
@click.option(
    "--val-split",
    type=FiniteRange(0, 1, max_open=True),
    help="Share of the images that is held out, to score the model on; 0 for no score.  "
    f"[default: the validation split of the data set, else {SHARE}]",
)
@format_option
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Folder of the model to make.")
@click.option(
    "--preset",
    type=click.Choice(["minutes", "hours"]),
    help="minutes: conv layers as they come, SVMs. hours: conv layers learn, too; better.  [default: minutes]",
)
@click.option("--minutes", type=FiniteRange(0, min_open=True), help="Take the preset and the epochs that fit in these.")
@click.option("--choose", is_flag=True, help="With --minutes: choose C, context and preset by cross-validation.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--resume", is_flag=True, help="Go on from an interrupted training, and end if there is none.")
@network_options
@click.option("--windows", type=click.Path(path_type=Path), help="Take windows from this file: .npz, .json or .mat.")
@click.option("--limit", type=click.IntRange(1), help="Only so many images, the first.")
@click.option("--cache", type=click.Path(path_type=Path), help="Folder for windows and maps.  [default: OUTPUT.cache]")
@click.option(
    "--keep-cache", is_flag=True, help="Keep the default cache when all is done; one you name is always kept."
)
@click.option(
    "--keep-examples",
    type=click.IntRange(0),
    default=0,
    help="Objects of each class that the model keeps as small pictures, for `sppnet explain`.",
)
@ray_option
@lenient_option
@json_option
@device_option
@engine_option
@threads_option
@deterministic_option
@workers_option
@seed_option
def command(
    root: Path,
    split: str | None,
    val_split: float | None,
    data_format: str | None,
    output: Path,
    preset: str | None,
    minutes: float | None,
    choose: bool,
    dry_run: bool,
    resume: bool,
    windows: Path | None,
    limit: int | None,
    cache: Path | None,
    keep_cache: bool,
    keep_examples: int,
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
    """Train a model on the images of a data set, and score it on others.

    Those are the validation split of the data set or, where it has none, a fifth of the images, which is not learned.
    Run again after an interruption, the same command takes up the windows and maps that are there.
    """
    output = output.resolve()
    set_threads(threads, deterministic=deterministic)
    device = find_device(device, deterministic=deterministic)
    detector.check_writable(output)
    _check_choices(preset, minutes, choose, ray, settings)
    if not dry_run:
        hold(output)
    data_format, seed = find_format(root, data_format), settings["seed"]
    data = open_split(root, split, usual="train", lenient=lenient, data_format=data_format)
    order = data.ids
    data = data if limit is None else Subset(data, range(min(limit, len(data))))
    train, val, held_out, hashes = divided(data, root, val_split, seed=seed, lenient=lenient, data_format=data_format)
    val = val and drawn(val, settings["method"], seed=seed)
    where = "those held out" if held_out else f"the split {val.split}" if val else ""
    say(_announced(train, val, where))

    def make(preset: str | None, **changes: Any) -> "detector.SPPNet":
        return network(data.classes, device=device, engine=engine, preset=preset, **{**settings, **changes})

    folder = cache or output.with_name(f"{output.name}.cache")
    notes = folder / _own(output) if cache else folder
    stored = None if dry_run else Cache(folder)
    run = Run.of(click.get_current_context(), train, hashes)
    earlier = run.earlier(notes, wanted=resume)
    present_leftovers(folder, wanted=resume and earlier is None)
    count, slower = len(train), slowness()
    if earlier and earlier.chosen:
        run, model = earlier, make(**earlier.chosen)
    elif minutes is None or choose:
        model = make(preset)
    else:
        model = fitting(make, count, minutes, slower)
        run = run._replace(chosen=_chosen(model))
    plan = present_plan(model, train, data_format, folder, slower)
    if not (preset or minutes or settings["tuning"]) and settings["method"] == "sppnet":
        say(f"better: --preset hours, about {duration(slower * make('hours').plan(count)['seconds'])}")
    if stored is None:
        weights = {name: settings[name] for name in ("weights", "preprocessing", "precision", "seed")}
        detector.load_backbone(settings["backbone"], **weights)
        if as_json:
            click.echo(json.dumps({**plan, "scored_images": len(val or ())}))
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    warm_up(*([model.search] if windows is None else []), training=True)
    run.write(notes)
    if choose and not run.chosen:
        task = Task(train, divided_in_folds(hashes, seed=seed), folder, workers, lenient, windows, order)
        changes, tried = choose_settings(make, task, minutes or 0, slower)
        model, run = make(**changes), run._replace(chosen=changes, tried=tried)
        run.write(notes)
    items = Items(train, lenient=lenient, windows=windows, order=order)
    log = Log(notes / LOG, goes_on=earlier is not None)
    given = Prepared(items, model, folder, ray) if ray else items
    fit(model, given, folder, workers, log, **({"keep_examples": keep_examples} if keep_examples else {}))
    remember(model, hashes)
    if run.tried:
        model.metrics_["choice"] = run.tried
    model.save(output)  # before the score, which may be interrupted
    lines, skipped = log.lines(model.metrics_), items.skipped
    write_log(output, lines, model.metrics_)
    if cache:
        shutil.rmtree(notes, ignore_errors=True)
    elif not keep_cache:
        stored.remove()
    for file in (RUN, LOG):  # of a training that is at its end
        (notes / file).unlink(missing_ok=True)
    if val:
        tests = Items(val, lenient=True, windows=windows if held_out else None, order=order)
        lines.append({"stage": "score", **_scored(model, tests, val, workers, where, seed, output)})
        skipped += tests.skipped
    write_log(output, lines, model.metrics_)
    if as_json:
        metrics = {name: value for name, value in model.metrics_.items() if name != KEY}
        click.echo(json.dumps({"model": str(output), "seconds": log.seconds, "metrics": metrics}))
    else:
        click.echo(summary(output, log.seconds, model.metrics_, val.image_path(0) if val else None))
    finish(skipped=bool(data.problems or (val and val.problems)) or skipped > 0)


def fit(
    network: "detector.SPPNet",
    items: Items | Prepared,
    cache: Path,
    workers: int,
    shown: "Progress | Log | None" = None,
    **options: Any,
) -> dict[str, float]:
    """Train on items, with their windows where they carry some, and return the seconds that each stage took.

    Options are further ones of the network's `fit`.

    Raises:
        CommandError: If the training is interrupted.
    """
    try:
        with shown or Progress() as progress:
            note = progress.note if isinstance(progress, Log) else _pass_over
            network.fit(items, cache=cache, workers=workers, progress=progress, note=note, **options)
    except KeyboardInterrupt:
        raise CommandError(
            f"interrupted; the same command takes up the windows and maps in {cache}", INTERRUPTED
        ) from None
    return progress.seconds


def summary(output: Path, seconds: dict[str, float], metrics: dict[str, Any], photo: Path | None = None) -> str:
    """Return what was learned from, the time that each stage took, how good the model is, and what to do with it."""
    stages = ", ".join(f"{stage} {duration(time)}" for stage, time in seconds.items())
    learned = f"{sum(metrics['objects'].values()):,} objects in {metrics['images']:,} images"
    lines = [f"learned from {learned} in {duration(sum(seconds.values()))}: {stages}"]
    lines += described(metrics["score"]) if metrics.get("score") else []
    lines += [
        f"the model is in {output}; next:",
        shlex.join(["sppnet", "detect", str(photo or "PHOTO"), "-m", str(output)]),
    ]
    return "\n".join(lines)


def _check_choices(
    preset: str | None, minutes: float | None, choose: bool, ray: str | None, settings: dict[str, Any]
) -> None:
    """Raise UsageError where what is to be chosen is given, too."""
    if minutes is not None and (preset or settings["tuning"] or settings["epochs"]):
        raise click.UsageError("--minutes chooses the preset and the epochs: leave out --preset, --fine-tune, --epochs")
    if choose and minutes is None:
        raise click.UsageError("--choose takes time: say how much with --minutes")
    if choose and ray:
        raise click.UsageError("--choose tries models here: leave out --ray")
    if choose and (settings["C"] or settings["context"] or settings["method"] != "sppnet"):
        raise click.UsageError("--choose chooses C and context of SPP-net: leave out --C, --context, --method")


def _pass_over(line: dict[str, Any]) -> None:
    """Take what is known of an epoch, and keep nothing."""


def _own(output: Path) -> str:
    """Return the name of the folder that a training of an output has in a cache that it may share with others."""
    return f"{output.name}-{hashlib.blake2b(str(output).encode(), digest_size=4).hexdigest()}"


def _chosen(model: "detector.SPPNet") -> dict[str, Any]:
    """Return what --minutes has decided, as `network` takes it."""
    tuning = model.fine_tuning
    return {"preset": "hours", "epochs": tuning.epochs} if tuning else {"preset": "minutes"}


def _announced(train: DataSet, val: DataSet | None, where: str) -> str:
    """Return what will be learned from and scored on, as a line for a person."""
    if val is None:
        return f"{len(train):,} images to learn from, none to score on"
    return f"{len(train):,} images to learn from; {len(val):,} of {where} to score the model on, which are not learned"


def _scored(
    model: "detector.SPPNet", items: Items, data: DataSet, workers: int, where: str, seed: int, output: Path
) -> dict[str, Any]:
    """Score a model that has been saved, and save it with its score and confidence; {} if no image can be read.

    Raises:
        CommandError: If that is interrupted.
    """
    try:
        found = {"on": where, **score(model, items, data, workers, seed=seed)}
    except KeyboardInterrupt:
        raise CommandError(f"interrupted while it was scored; the model is in {output}", INTERRUPTED) from None
    except CommandError as error:
        say(f"no score: {error}")
        return {}
    model.metrics_["score"] = found
    model.save(output)
    return found
