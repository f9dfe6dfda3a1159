"""What all formats are: a context in which records are written, one image at a time."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from .folder import Results

# Takes a name without suffix, unlike that of any other image, and the image's record; see `image_record`.
Write = Callable[[str, dict[str, Any]], None]
# Of where results go, and the detector's classes, makes what is called for each image in turn. What belongs at the end
# of a file is written on leaving without an error; leaving again after the run was gone on with writes the same.
Writer = Callable[[Results, Sequence[str]], AbstractContextManager[Write]]
