"""What the line of a shard holds of an image, and back: bit by bit the same."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from sppnet.data import DataError

from .records import Entry


def windows_entry(windows: npt.NDArray[np.float32]) -> Entry:
    """Return windows, float32 (N, 4), as a fifth of what their digits would take."""
    return {"windows": b64encode(zlib.compress(windows.astype("<f4").tobytes(), 1)).decode()}


def entry_windows(entry: Entry) -> npt.NDArray[np.float32]:
    """Return the windows of an entry.

    Raises:
        DataError: If they are damaged.
    """
    try:
        content = zlib.decompress(b64decode(entry["windows"], validate=True))
        return np.frombuffer(content, "<f4").reshape(-1, 4).astype(np.float32)
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise DataError(f"image {entry['image']!r}: damaged windows: {error}") from error


def objects_entry(found: Mapping[str, npt.NDArray[Any]]) -> Entry:
    """Return boxes (N, 4), labels (N,) and scores (N,)."""
    return {name: found[name].tolist() for name in ("boxes", "labels", "scores")}


def entry_objects(entry: Entry) -> dict[str, npt.NDArray[Any]]:
    """Return the objects of an entry.

    Raises:
        DataError: If they are damaged.
    """
    try:
        return {
            "boxes": np.array(entry["boxes"], np.float32).reshape(-1, 4),
            "labels": np.array(entry["labels"], np.int64),
            "scores": np.array(entry["scores"], np.float64),
        }
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"image {entry['image']!r}: damaged objects: {error}") from error
