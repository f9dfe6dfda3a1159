"""Detections into files: the formats that `sppnet detect` writes, one image at a time."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from .files import write_whole

# Takes a name without suffix, unlike that of any other image, and the image's record; see `image_record`.
Write = Callable[[str, dict[str, Any]], None]


@contextmanager
def json_files(folder: Path, classes: Sequence[str]) -> Iterator[Write]:
    """Give what writes the record of an image into a file of its own."""

    def write(name: str, record: dict[str, Any]) -> None:
        write_whole(folder / f"{name}.json", (json.dumps(record, indent=2) + "\n").encode())

    yield write


# Of the folder for the results, and the detector's classes, a writer makes what is called for each image in turn; what
# belongs at the end of a file is written on leaving. A further format is a file with its writer, and a line here.
WRITERS: dict[str, Callable[[Path, Sequence[str]], AbstractContextManager[Write]]] = {"json": json_files}
