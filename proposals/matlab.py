"""The MATLAB files of selective search's windows that R-CNN, SPP-net and Fast R-CNN were given (Girshick et al. 2014).

`boxes` is a cell array of (N, 4) matrices y1 x1 y2 x2 that count pixels from 1 and include the last one; `images`,
which some files lack, is a cell array of names. What is read are the files of MATLAB's versions 5 to 7 (MathWorks,
"MAT-File Format"); those of 7.3, which are HDF5, are refused. SciPy's reader would do, but damaged files make it crash.
"""

import math
import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .errors import ProposalError

HEADER_BYTES, VERSION_AT, ORDER_AT = 128, 124, 126
BYTE_ORDERS = {b"IM": "<", b"MI": ">"}
VERSION, HDF5_VERSION = 0x0100, 0x0200
MAX_BYTES = 1 << 31  # of a variable: these files cannot hold more
# What a file may make us do: bytes of a variable for each packed one (windows have about five, names 20), or so many
# at least; and images, of which ImageNet's detection set, the largest with such files, has 395,909.
MAX_RATIO, LEAST_BYTES = 40, 1 << 20
MAX_IMAGES, MAX_VARIABLES, MAX_SIDES = 500_000, 1000, 32

# Types of elements, and how those that hold numbers or letters are stored.
MATRIX, COMPRESSED = 14, 15
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
ENCODINGS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16"}

# Classes of matrices.
CELLS, LETTERS, NUMERIC, DOUBLE, COMPLEX_FLAG = 1, 4, range(6, 16), 6, 0x0800

Windows = npt.NDArray[Any]


class _Matrix(NamedTuple):
    kind: int
    complex: bool
    shape: tuple[int, ...]
    name: str
    elements: Iterator[tuple[int, memoryview]]  # its content


def read_matlab(file: Path, ids: Sequence[str] | None) -> Iterator[tuple[str, Windows]]:
    """Yield the name of every image in a file, and its windows, x1 y1 x2 y2 with outer edges, not checked.

    Args:
        file: The MATLAB file.
        ids: The names of the images in the order of the file, if it has none itself.

    Raises:
        ProposalError: If it is no such file, or windows and names do not fit together.
        OSError: If it cannot be read.
    """
    if (size := file.stat().st_size) > MAX_BYTES:
        raise ProposalError(f"{file}: must have at most {MAX_BYTES:,} bytes, has {size:,}")
    content = memoryview(file.read_bytes())
    try:
        order = _byte_order(content)
        cells = _cells(content, "boxes", order)
        images = _cells(content, "images", order)
        names = ids if images is None else _names(images, order)
    except (ValueError, struct.error, zlib.error) as error:
        raise ProposalError(f"{file}: no readable MATLAB file: {error}") from error
    if cells is None or names is None:
        missing = "no boxes" if cells is None else "no names of images, which must be given then, in its order"
        raise ProposalError(f"{file}: has {missing}")
    if len(cells) != len(names):
        raise ProposalError(f"{file}: boxes must be those of the {len(names):,} images named, got {len(cells):,}")
    for name, cell in zip(names, cells, strict=True):
        try:
            windows = _outer_edges(_numbers(cell, order))
        except (ValueError, struct.error) as error:
            raise ProposalError(f"{file}: image {name!r}: {error}") from error
        yield name, windows


def _byte_order(content: memoryview) -> str:
    """Return the byte order of a file, as struct and numpy write it."""
    order = BYTE_ORDERS.get(bytes(content[ORDER_AT:HEADER_BYTES]))
    version = struct.unpack_from(f"{order}H", content, VERSION_AT)[0] if order else None
    if version == HDF5_VERSION:
        raise ValueError("it is of version 7.3 (HDF5), save it with '-v7'")
    if order is None or version != VERSION:
        raise ValueError("its header is not that of version 5 to 7")
    return order


def _cells(content: memoryview, name: str, order: str) -> list[memoryview] | None:
    """Return the cells of the variable of this name, None if there is none; ValueError if it is no cell array."""
    for number, (kind, element) in enumerate(_elements(content[HEADER_BYTES:], order)):
        if number == MAX_VARIABLES:
            raise ValueError(f"it has more than {MAX_VARIABLES:,} variables")
        matrix = _unpacked(kind, element, name, order)
        if matrix is None:
            continue
        if matrix.kind != CELLS:
            raise ValueError(f"{name} must be a cell array, got a matrix of class {matrix.kind}")
        count = math.prod(matrix.shape)
        if count > MAX_IMAGES:
            raise ValueError(f"{name} must have at most {MAX_IMAGES:,} cells, got {count:,}")
        cells = [cell for _, cell in islice(matrix.elements, count + 1)]
        if len(cells) != count:
            raise ValueError(
                f"{name} must have {matrix.shape} cells, got {len(cells):,}{' or more' * (len(cells) > count)}"
            )
        return cells
    return None


def _unpacked(kind: int, element: memoryview, name: str, order: str) -> _Matrix | None:
    """Return a variable if it has this name."""
    if kind == MATRIX:
        matrix = _matrix(element, order)
        return matrix if matrix.name == name else None
    if kind != COMPRESSED:
        return None
    # The name stands near the beginning: other variables are not unpacked, however large.
    stream = zlib.decompressobj()
    beginning = stream.decompress(element, 1024)
    inner, size = struct.unpack_from(f"{order}II", beginning)
    if inner != MATRIX or _matrix(memoryview(beginning)[8:], order).name != name:
        return None
    limit = min(MAX_BYTES, max(LEAST_BYTES, MAX_RATIO * len(element)))
    if size > limit:
        raise ValueError(f"{name} must have at most {limit:,} bytes, got {size:,}; '-v6' saves it without packing")
    # Eight bytes more than there are, so that the checksum at the end is reached.
    whole = zlib.decompressobj().decompress(element, max(len(beginning), size + 8) + 8)
    if len(whole) < size + 8:
        raise ValueError(f"{name} ends after {len(whole):,} of {size + 8:,} bytes")
    return _matrix(memoryview(whole)[8 : size + 8], order)


def _matrix(data: memoryview, order: str) -> _Matrix:
    """Return a matrix without reading its content. MATLAB stores [] as nothing at all."""
    if not data:
        return _Matrix(DOUBLE, False, (0, 0), "", iter(()))
    elements = _elements(data, order)
    head = [element for _, element in islice(elements, 3)]
    if len(head) < 3:
        raise ValueError("a matrix ends in its head")
    flags = struct.unpack_from(f"{order}I", head[0])[0]
    shape = tuple(np.frombuffer(head[1], f"{order}i4").tolist())
    if len(shape) > MAX_SIDES:
        raise ValueError(f"a matrix must have at most {MAX_SIDES} sides, got {len(shape):,}")
    if any(side < 0 for side in shape):
        raise ValueError(f"a matrix must not have negative sides, got {shape}")
    return _Matrix(flags & 0xFF, bool(flags & COMPLEX_FLAG), shape, bytes(head[2]).decode("latin-1"), elements)


def _elements(data: memoryview, order: str) -> Iterator[tuple[int, memoryview]]:
    """Yield type and content of every element."""
    at = 0
    while at < len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        start = at + 8
        if kind >> 16:  # up to four bytes stand in the tag itself
            kind, size, start = kind & 0xFFFF, kind >> 16, at + 4
            at += 8
        else:
            at = start + size + (0 if kind == COMPRESSED else -size % 8)
        if start + size > min(at, len(data)):
            raise ValueError("an element ends after its file")
        yield kind, data[start : start + size]


def _numbers(cell: memoryview, order: str) -> Windows:
    matrix = _matrix(cell, order)
    if matrix.kind not in NUMERIC or matrix.complex:
        raise ValueError(f"windows must be real numbers, got a matrix of class {matrix.kind}")
    kind, content = next(matrix.elements, (1, memoryview(b"")))
    if kind not in NUMBERS:
        raise ValueError(f"windows must be numbers, got elements of type {kind}")
    return np.frombuffer(content, order + NUMBERS[kind]).reshape(matrix.shape, order="F")


def _names(cells: list[memoryview], order: str) -> list[str]:
    names = [_text(cell, order) for cell in cells]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise ValueError(f"image {twice[0]!r} is there twice")
    return names


def _text(cell: memoryview, order: str) -> str:
    matrix = _matrix(cell, order)
    kind, content = next(matrix.elements, (0, memoryview(b"")))
    if matrix.kind != LETTERS or kind not in ENCODINGS or matrix.shape[:1] != (1,):
        raise ValueError(f"images must be names, got a matrix {matrix.shape} of class {matrix.kind}")
    encoding = ENCODINGS[kind]
    if encoding == "utf-16":
        encoding += "-le" if order == "<" else "-be"
    return bytes(content).decode(encoding)


def _outer_edges(boxes: Windows) -> Windows:
    """Return boxes of ours; what has not the shape of boxes as it is, for the check to refuse."""
    if boxes.size == 0:  # [] is 0 x 0
        return np.zeros((0, 4))
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        return boxes
    edges: Windows = boxes[:, [1, 0, 3, 2]].astype(np.float64) - [1, 1, 0, 0]
    return edges
