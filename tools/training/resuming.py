"""What a training was asked for, kept beside its windows and maps: a resumed one is asked for the same.

Windows, maps and states that do not belong to a training are left alone and made anew, without a word. So an option
that differs would cost an hour of work that seems to go on.
"""

import hashlib
import json
import reprlib
from pathlib import Path
from typing import Any, NamedTuple, Self

import click

from sppnet.data import DataSet, write_whole

from ..command.console import USAGE, CommandError, say

FILE = "training.json"
# Change nothing in what is learned, or are how a training is gone on with.
FREE = {"output", "cache", "keep_cache", "dry_run", "resume", "lenient", "as_json", "threads", "workers", "ray"}
# Decide which images are learned, and may differ where these are the same.
DATA = {"--data", "--split", "--val-split", "--format", "--limit"}


class Run(NamedTuple):
    """A training that was begun.

    Attributes:
        options: Option -> its value, as JSON has them.
        data: A hash of the images' files and of their objects.
        chosen: What --minutes or --choose have decided, as `network` takes it; None before.
        tried: Of --choose, what the candidates scored.
    """

    options: dict[str, Any]
    data: str
    chosen: dict[str, Any] | None = None
    tried: list[dict[str, Any]] = []  # noqa: RUF012  # never changed

    @classmethod
    def of(cls, context: click.Context, train: DataSet, hashes: Any) -> Self:
        """Return what a command is asked for, and to learn from which images.

        Args:
            context: The command's.
            train: The images.
            hashes: Of their files, as `content_hashes` returns them.
        """
        digest = hashlib.blake2b(repr(train.classes).encode() + hashes.tobytes(), digest_size=8)
        for number in range(len(train)):
            target = train.target(number)
            for name in ("boxes", "labels", "difficult"):
                digest.update(target[name].tobytes() + b"\0")
        known = ((option, context.params.get(str(option.name))) for option in context.command.params)
        options = {option.opts[0]: _plain(option.opts[0], value) for option, value in known if option.name not in FREE}
        return cls(json.loads(json.dumps(options)), digest.hexdigest())

    def write(self, cache: Path) -> None:
        """Keep it in the folder of windows and maps."""
        write_whole(cache / FILE, (json.dumps(self._asdict(), indent=2) + "\n").encode())

    def earlier(self, cache: Path, *, wanted: bool) -> "Run | None":
        """Return the interrupted training of a folder if it was asked for the same; None if there is no such one.

        Args:
            cache: The folder.
            wanted: Whether another one is an error.

        Raises:
            CommandError: If there is another one, and that is an error; names the options.
        """
        before = _read(cache / FILE)
        if before is None:
            return None
        differences = self._differences(before)
        if differences and wanted:
            raise CommandError(
                f"--resume: the training in {cache} had {'; '.join(differences)}: give what it had, "
                "or leave out --resume to begin another one, which takes the windows and maps that fit",
                USAGE,
            )
        return None if differences else before

    def _differences(self, before: "Run") -> list[str]:
        names = [name for name in (before.options | self.options) if name not in DATA or before.data != self.data]
        found = [
            f"{_told(name, before.options.get(name))}, not {_told(name, self.options.get(name))}"
            for name in names
            if before.options.get(name) != self.options.get(name)
        ]
        if before.data != self.data and not found:
            found = [f"other images or objects in {self.options['--data']} than there are now"]
        return found


def _read(file: Path) -> Run | None:
    """Return the training that a file tells of; None if there is none, or it is damaged, which is said."""
    try:
        if file.exists() and not file.is_file():
            raise ValueError("not a file")
        run = Run(**json.loads(file.read_bytes()))
        if not isinstance(run.options, dict):
            raise TypeError(f"options must be an object, not {reprlib.repr(run.options)}")
        return run
    except FileNotFoundError:
        return None
    except (OSError, TypeError, ValueError, RecursionError) as error:
        say(f"{file}: cannot be read ({error}): whether the options are those of the interrupted training is not known")
        return None


def _plain(option: str, value: Any) -> Any:
    """Return the value of an option as JSON has it; of a file with a hash of what it holds."""
    if not isinstance(value, Path) and (option != "--weights" or not Path(value).exists()):
        return value
    file = Path(value).resolve()
    if not file.is_file():
        return str(file)
    with file.open("rb") as stream:
        return f"{file} ({hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=4)).hexdigest()})"


def _told(name: str, value: Any) -> str:
    if value is None or value is False:
        return f"no {name}"
    if value is True:
        return name
    return f"{name} {','.join(map(str, value)) if isinstance(value, list) else value}"
