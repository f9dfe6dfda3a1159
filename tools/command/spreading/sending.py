"""Images on their way to another machine, which may have no disk in common with this one."""

import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sppnet.data import DataError, read_image

from ..detecting.sources import ARCHIVES, Source


@dataclass(frozen=True)
class Sent(Source):
    """An image as it was sent.

    Attributes:
        image: The bytes of its file, or the path under which all machines have it.
        reason: Why it cannot be read, if that is known.
    """

    image: "bytes | str" = b""
    reason: str = ""

    def read(self, **limits: int) -> npt.NDArray[np.uint8]:
        """Return the pixels, as a source does."""
        if self.reason:
            raise DataError(self.reason)
        return read_image(self.image, name=str(self), **limits)


def sent(source: Source, *, shared: bool) -> Source:
    """Return an image as it is sent: its bytes, or its path where that is shared; an address as it is."""
    if source.is_address:
        return source
    if shared and not source.path.lower().endswith(ARCHIVES):
        return Sent(source.path, source.folder, os.path.abspath(source.path))
    try:
        return Sent(source.path, source.folder, source.content())
    except DataError as error:
        return Sent(source.path, source.folder, reason=str(error))


def unsent(source: Source) -> Source:
    """Return an image without what was sent along."""
    return Source(source.path, source.folder)
