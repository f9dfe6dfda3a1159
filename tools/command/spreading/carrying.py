"""Models as the bytes of their files, to be loaded where their folders are not."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sppnet import detector

from ..running.models import BUNDLED, load

FILES = ("config.json", "model.safetensors", "conv.json", "metrics.json")  # of a model, which detection needs


def digests(folders: Sequence[Path]) -> list[str]:
    """Return what tells models from others, wherever their folders are."""
    return [blake2b(b"".join(contents.values()), digest_size=16).hexdigest() for contents in _contents(folders)]


@dataclass(frozen=True)
class Carried:
    """A function whose first argument is a model, to be prepared on other machines.

    Attributes:
        function: Takes the model, the arguments, then an item.
        arguments: Of it.
        contents: Name -> bytes of the files of every model.
        merge: As `load` takes it.
        device: So, too.
        engine: So, too.
        regression: So, too.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    contents: list[dict[str, bytes]]
    merge: str
    device: str
    engine: str
    regression: bool

    def __call__(self) -> Callable[[Any], Any]:
        """Load the model, and return the function of an item."""
        with TemporaryDirectory() as folder:
            folders = [Path(folder, str(number)) for number in range(len(self.contents))]
            for place, contents in zip(folders, self.contents, strict=True):
                place.mkdir()
                for name, content in contents.items():
                    (place / name).write_bytes(content)
            network = load(folders, self.merge, self.device, self.engine, regression=self.regression)
        return partial(self.function, network, *self.arguments)


def carried(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    folders: Sequence[Path],
    merge: str,
    device: str,
    engine: str,
    regression: bool = True,
) -> Carried:
    """Return such a function with the model in some folders, of none the bundled one, as `load` takes them."""
    return Carried(function, arguments, _contents(folders), merge, device, engine, regression)


def _contents(folders: Sequence[Path]) -> list[dict[str, bytes]]:
    models = Path(detector.__path__[0], "models")
    places = [folder if folder.is_dir() else models / folder for folder in folders or [models / BUNDLED]]
    return [{name: (place / name).read_bytes() for name in FILES if (place / name).is_file()} for place in places]
