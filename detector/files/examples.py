"""Examples that a model was trained on, kept small in its folder: crops, and their vectors in a few dimensions."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ..errors import ModelError
from ..types import Floats

FILE = "examples.safetensors"
DIMENSIONS = 64
Halves = npt.NDArray[np.float16]


class Neighbour(NamedTuple):
    """A training example like a window.

    Attributes:
        name: Of its class.
        distance: Between the two; that of two kept examples is 1 on average.
        crop: It, as the bytes of a JPEG file.
    """

    name: str
    distance: float
    crop: bytes


@dataclass(frozen=True)
class Examples:
    """Kept examples, and the directions in which their vectors differ most (their principal components).

    Attributes:
        names: Of the N classes, one for each.
        crops: The N crops, as the bytes of JPEG files.
        codes: float16 (N, d), their vectors in these directions, at most 64.
        mean: float16 (D,), of their vectors.
        basis: float16 (d, D), the directions, of length 1.
        scale: What codes are divided by, so that two examples are at a distance of 1 on average.
    """

    names: tuple[str, ...]
    crops: tuple[bytes, ...]
    codes: Halves
    mean: Halves
    basis: Halves
    scale: float

    @classmethod
    def of(cls, names: Sequence[str], crops: Sequence[bytes], vectors: Floats) -> "Examples":
        """Return examples with these vectors, float32 (N, D), N at least 1."""
        mean = vectors.mean(axis=0).astype(np.float16)
        centred = vectors - mean.astype(np.float32)
        values, left = np.linalg.eigh((centred @ centred.T).astype(np.float64))
        kept = np.flatnonzero(values > 1e-6 * max(values[-1], 1e-12))[::-1][:DIMENSIONS]
        basis = (left[:, kept] / np.sqrt(values[kept])).T.astype(np.float32) @ centred
        codes = centred @ basis.T
        squares = np.square(codes).sum(axis=1)
        gaps = np.sqrt(np.maximum(squares[:, None] + squares - 2 * codes @ codes.T, 0))
        scale = float(gaps.sum() / max(len(names) * (len(names) - 1), 1)) or 1.0
        halves = (codes / np.float32(scale)).astype(np.float16), mean, basis.astype(np.float16)
        return cls(tuple(names), tuple(crops), *halves, scale)

    def nearest(self, vector: Floats, count: int = 3) -> tuple[Neighbour, ...]:
        """Return the examples nearest to a vector float32 (D,), of whatever class, the nearest first."""
        code = self.basis.astype(np.float32) @ (vector - self.mean.astype(np.float32)) / np.float32(self.scale)
        distances = np.linalg.norm(self.codes.astype(np.float32) - code, axis=1)
        order = np.argsort(distances, kind="stable")[:count].tolist()
        return tuple(Neighbour(self.names[i], float(distances[i]), self.crops[i]) for i in order)

    def renamed(self, names: Mapping[str, str | None]) -> "Examples":
        """Return the same with other names of classes; those of classes whose new name is None are left out."""
        changed = [names.get(name, name) for name in self.names]
        kept = [number for number, name in enumerate(changed) if name is not None]
        return replace(
            self,
            names=tuple(name for name in changed if name is not None),
            crops=tuple(self.crops[number] for number in kept),
            codes=self.codes[kept],
        )

    def to_bytes(self) -> bytes:
        """Return them as the content of their file in a model's folder."""
        ends = np.cumsum([0, *map(len, self.crops)])
        arrays = {
            "codes": self.codes,
            "mean": self.mean,
            "basis": self.basis,
            "crops": np.frombuffer(b"".join(self.crops), np.uint8),
            "ends": ends.astype(np.int64),
        }
        # In one entry: the order of several is not the same from one file to the next.
        described = {"examples": json.dumps({"names": self.names, "scale": self.scale})}
        return save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, described)


def load_examples(folder: Path, dimensions: int) -> Examples | None:
    """Return the examples in a model's folder, of vectors of so many dimensions; None if it has none.

    Raises:
        ModelError: If their file is damaged, or of another model.
    """
    file = folder / FILE
    if not file.is_file():
        return None
    try:
        with safe_open(file, "np") as opened:
            described = json.loads((opened.metadata() or {})["examples"])
            names, scale = described["names"], float(described["scale"])
            codes, mean, basis, crops, ends = (
                opened.get_tensor(name) for name in ("codes", "mean", "basis", "crops", "ends")
            )
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ModelError(f"{file}: the examples cannot be read ({error})") from error
    named = isinstance(names, list) and all(isinstance(name, str) for name in names) and 0 < scale < np.inf
    halves = all(array.dtype == np.float16 and np.isfinite(array).all() for array in (codes, mean, basis))
    fits = (
        named
        and codes.shape == (len(names), len(basis))
        and mean.shape == (dimensions,)
        and basis.shape[1:] == (dimensions,)
    )
    placed = (
        fits
        and crops.ndim == 1
        and crops.dtype == np.uint8
        and ends.dtype == np.int64
        and ends.shape == (len(names) + 1,)
    )
    if not (halves and placed and ends[0] == 0 and ends[-1] == len(crops) and (np.diff(ends) >= 0).all()):
        raise ModelError(f"{file}: the examples do not fit each other, or vectors of {dimensions} values")
    content = crops.tobytes()
    pieces = tuple(content[start:end] for start, end in pairwise(ends.tolist()))
    return Examples(tuple(names), pieces, codes, mean, basis, scale)
