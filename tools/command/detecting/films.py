"""What `sppnet detect` does with films and cameras: the annotated film, and what was found by frame and time."""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any

import click
from PIL import Image

from sppnet.data import FRAME_WRITERS, DataError, Results

from ..console import BAD_DATA, CommandError, finish, say
from ..progress import Progress
from ..running.lanes import lanes_for, side_by_side
from .filming import FilmWriter
from .footage import CAMERA, Camera, Film, Frame, Pixels, is_our_film, open_footage
from .naming import OutputNames

HELD = 8  # frames that wait with the one that was looked at, at most
# Parameters of the command that say nothing about films, and those that say nothing about images.
OF_IMAGES = ("recursive", "tile", "overlap", "save_crops", "mosaic", "resume", "as_json")
OF_FILMS = ("every", "limit")

Found = tuple[Pixels, dict[str, Any]]
Write = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class Filming:
    """What is wanted of films.

    Attributes:
        output: Folder for the results.
        formats: Names of `FRAME_WRITERS`.
        pictures: Whether annotated films are written.
        every: Which frames are looked at: the first of so many. Boxes stay for the others.
        limit: How many frames are read; None for all.
        workers: How many frames are looked at at once.
    """

    output: Path
    formats: Sequence[str]
    pictures: bool
    every: int
    limit: int | None
    workers: int


def refuse_others(films: Sequence[str], formats: Sequence[str]) -> None:
    """Refuse options of the running command that say nothing about what it is given, films or images.

    Raises:
        click.UsageError: That names the option.
    """
    context = click.get_current_context()
    others, kind = (OF_IMAGES, "films and cameras") if films else (OF_FILMS, "images")
    for name in others:
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            option = next(parameter.opts[-1] for parameter in context.command.params if parameter.name == name)
            raise click.UsageError(f"{option} is not for {kind}")
    for name in formats if films else ():
        if name not in FRAME_WRITERS:
            raise click.UsageError(f"films are written as {' and '.join(FRAME_WRITERS)}, not as {name}")


def detect_in_films(
    words: Sequence[str],
    find: Callable[[Frame], Found],
    draw: Callable[[Pixels, dict[str, Any]], Image.Image],
    classes: Sequence[str],
    wanted: Filming,
) -> None:
    """Look at films and cameras one after the other, and end the command with its exit code.

    What is read of a film that breaks stays. Ctrl-C ends the one that is read orderly, and the run.

    Args:
        words: What names them.
        find: Returns the pixels of a frame and the record of what is found in it; called for several at once.
        draw: Returns pixels with what is found on them.
        classes: Of the model.
        wanted: What is wanted.

    Raises:
        CommandError: If none of them has a frame.
        KeyboardInterrupt: If a film was ended by Ctrl-C.
    """
    names, results = OutputNames(wanted.output, ".mp4", is_our_film), Results(wanted.output)
    reasons, seen = [], 0
    with ExitStack() as stack:
        asked = stack.enter_context(_ended_by_interrupt())
        writers = [stack.enter_context(FRAME_WRITERS[name](results, classes)) for name in wanted.formats]
        for word in words:
            beside = None if CAMERA.fullmatch(word) else Path(word).parent
            file = wanted.output / f"{names(Path(word).name.replace(':', '-'), beside=beside)}.mp4"
            try:
                with closing(open_footage(word)) as footage:
                    problem = _see(footage, find, draw, writers, file, wanted, asked)
                seen += 1
            except DataError as error:
                problem = f"skipped: {error}"
            if problem:
                reasons.append(problem)
                if len(words) > 1 or seen:
                    say(problem)
            if asked.is_set():
                break
    if not seen:
        alone = reasons[0].removeprefix("skipped: ")
        raise CommandError(alone if len(words) == 1 else "none of the films could be read", BAD_DATA)
    results.sync()
    if wanted.formats or wanted.pictures:
        say(f"results are in {wanted.output}")
    if asked.is_set() and not CAMERA.fullmatch(word):
        raise KeyboardInterrupt
    finish(bool(reasons))


def _see(
    footage: Film | Camera,
    find: Callable[[Frame], Found],
    draw: Callable[[Pixels, dict[str, Any]], Image.Image],
    writers: Sequence[Write],
    file: Path,
    wanted: Filming,
    asked: threading.Event,
) -> str:
    """Look at a film or camera, write all about it, print a line, and return what was wrong with it.

    Raises:
        DataError: If it has no frame.
    """
    lanes = lanes_for(range(max(1, wanted.workers)), wanted.workers)
    frames = islice(_until(footage, asked), wanted.limit)
    groups = _groups(frames, wanted.every, keep=wanted.pictures)
    totals = [total for total in (footage.total, wanted.limit) if total]
    looked, objects, shown, started = 0, 0, {}, time.perf_counter()
    with ExitStack() as stack:
        progress = stack.enter_context(Progress())
        film = stack.enter_context(FilmWriter(file, footage.rate, footage.aspect)) if wanted.pictures else None
        for future in side_by_side(partial(_look, find, wanted.every), groups, lanes):
            group, image, record = future.result()
            if record is not None:
                shown, looked, objects = record, looked + 1, objects + len(record["detections"])
                for write in writers:
                    write(file.stem, record)
            if film is not None:
                for frame in group:
                    pixels = image if image is not None and frame is group[0] else frame.read()
                    film.write(draw(pixels, shown), frame.seconds)
            progress("frames", group[-1].number + 1, min(totals, default=None))
    if not footage.count:
        raise DataError(footage.problem or f"{footage.name}: no frame of it can be decoded")
    rate = footage.count / (time.perf_counter() - started)
    click.echo(
        f"{footage.name}: {footage.count} frames, {looked} looked at, {objects} objects, {rate:.1f} frames a second"
    )
    return footage.problem


def _look(
    find: Callable[[Frame], Found], every: int, group: list[Frame]
) -> tuple[list[Frame], Pixels | None, dict[str, Any] | None]:
    """Return a group, and pixels and record of its first frame if that is one to be looked at."""
    first = group[0]
    if first.number % every:
        return group, None, None
    image, record = find(first)
    where = {"image": record["image"], "frame": first.number, "time": round(first.seconds, 6)}
    return group, image, where | record


def _groups(frames: Iterable[Frame], every: int, *, keep: bool) -> Iterator[list[Frame]]:
    """Yield every frame that is looked at, with some of those behind it if they are kept; the rest follows in others.

    So frames are looked at side by side where some are passed over, too, and few are held.
    """
    group: list[Frame] = []
    for frame in frames:
        begins = frame.number % every == 0
        if group and (begins or len(group) == HELD):
            yield group
            group = []
        if begins or keep:
            group.append(frame)
    if group:
        yield group


def _until(footage: Film | Camera, asked: threading.Event) -> Iterator[Frame]:
    """Yield the frames until somebody asks to end."""
    for frame in footage:
        yield frame
        if asked.is_set():
            return


@contextmanager
def _ended_by_interrupt() -> Iterator[threading.Event]:
    """Give what is set by Ctrl-C; a second one interrupts."""
    asked = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
