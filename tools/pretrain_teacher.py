"""The half of `sppnet pretrain` that needs no labels: a larger backbone's maps in; weights for a smaller one out."""

import json
from pathlib import Path
from typing import Any, Literal

import click

from sppnet import detector
from sppnet.data import Pictures, write_whole

from .command.console import INTERRUPTED, CommandError, duration, find_device, finish, say, set_threads, warn
from .command.progress import Progress
from .command.running.holding import Cache, hold
from .reports.plots import losses_by_step


def pretrain_by_teacher(
    *,
    data: tuple[Path, ...],
    split: str | None,
    output: Path,
    cache: Path | None,
    lenient: bool,
    as_json: bool,
    device: str,
    threads: int | None,
    **settings: Any,
) -> None:
    """Let a backbone learn a teacher's maps of images and write its weights; see the options of `sppnet pretrain`."""
    output = output.resolve()
    if output.suffix != ".safetensors":
        raise click.BadParameter(f"{output.name!r} must end in .safetensors", param_hint="'--output'")
    if output.is_dir() or output == settings["teacher"].resolve():
        raise click.BadParameter(f"{output} is a folder or the teacher", param_hint="'--output'")
    set_threads(threads)
    device = find_device(device)
    pictures = Pictures(data, split, strict=not lenient)
    say(f"{len(pictures):,} images")
    warn(pictures.problems)
    hold(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    stored = Cache(cache or output.with_name(f"{output.name}.cache"))
    try:
        with Progress() as progress:
            history = distil(pictures, output, stored.folder, progress, device=device, **settings)
    except KeyboardInterrupt:
        raise CommandError(
            f"interrupted; the same command goes on from the checkpoint in {stored.folder}", INTERRUPTED
        ) from None
    curves = {"learned from": history["losses"]}
    curves |= {f"held out, {size} pixels": losses for size, losses in history["held_out_losses"].items()}
    write_whole(output.with_suffix(".png"), losses_by_step(history["steps"], curves))
    if cache is None:
        stored.remove()
    seconds = sum(progress.seconds.values())
    if as_json:
        click.echo(json.dumps({"weights": str(output), "seconds": seconds, "history": history}))
    else:
        click.echo(summary(output, settings["backbone"], seconds, history))
    finish(skipped=bool(pictures.problems))


def distil(
    pictures: Pictures,
    output: Path,
    folder: Path,
    progress: Progress,
    *,
    teacher: Path,
    teacher_backbone: str,
    backbone: str,
    precision: Literal["float32", "bfloat16"],
    device: str,
    seed: int,
    workers: int,
    **options: Any,
) -> dict[str, Any]:
    """Train a backbone by a teacher, write its weights and return how it went; see `detector.distil`."""
    source = detector.load_backbone(teacher_backbone, teacher, precision=precision, device=device)
    layers, history = detector.distil(
        backbone,
        source,
        pictures,
        options=detector.Distillation(precision=precision, **options),
        checkpoints=folder,
        seed=seed,
        workers=workers,
        progress=progress,
    )
    described = {"backbone": backbone, "teacher": source.name, "history": json.dumps(history)}
    detector.save_weights(output, layers, source.preprocessing, described)
    return history


def summary(output: Path, backbone: str, seconds: float, history: dict[str, Any]) -> str:
    """Return how much was learned, and what to do with the weights."""
    shares = ", ".join(f"{100 * shares[-1]:.0f}% at {size} pixels" for size, shares in history["explained"].items())
    return (
        f"learned in {duration(seconds)}, loss {history['losses'][-1]:.3f}; the maps explain of the variance of the "
        f"teacher's on held-out images: {shares or 'none were held out'}\n"
        f"the weights are in {output}; next: sppnet train --backbone {backbone} --weights {output} "
        "--data FOLDER -o MODEL"
    )
