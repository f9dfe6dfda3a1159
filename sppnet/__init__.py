"""A fast SPP-net object detector (He et al. 2015, Spatial Pyramid Pooling in Deep Convolutional Networks).

The folders `detector`, `proposals`, `data` and `tools` at the top of the repository are linked here, so that nothing of
ours is imported, or installed, under a name that a user's own file may have. Names are imported when they are first
used, because torch takes seconds.
"""

from typing import Any

import lazy_loader

from .detector import use_reader


def _read(source: Any, name: str | None) -> Any:
    """Read an image file for the detector, which knows no files."""
    from .data import read_image

    return read_image(source, name=name)


use_reader(_read)
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
