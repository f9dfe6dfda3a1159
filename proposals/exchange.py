"""Windows in files: our own archives and JSON, and the MATLAB files that R-CNN, Fast R-CNN and SPP-net were given.

- `.npz`: for each image an array (N, 4), named after it; written with each image's windows as they come, and read one
  image at a time.
- `.json`: {"000005": [[x1, y1, x2, y2], ...], ...}.
- `.mat`, only read: see `matlab.py`.

What is read or written has been checked: finite edges, of positive width and height, none negative. Whether windows
lie inside their image only `check_inside` can tell.
"""

import io
import json
import math
import reprlib
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any
from warnings import catch_warnings, simplefilter

import numpy as np
import numpy.typing as npt

from .atomic import whole_file
from .errors import ProposalError
from .matlab import read_matlab
from .ranking import Boxes

READABLE, WRITABLE = (".npz", ".json", ".mat"), (".npz", ".json")
MAX_JSON_BYTES = 1 << 30
MAX_MEMBER_BYTES = 1 << 26  # of one image: four million windows
MAX_NAME_BYTES = 1000

Windows = npt.NDArray[Any]


def read_windows(file: str | Path, ids: Sequence[str] | None = None) -> Mapping[str, Boxes]:
    """Return the windows in a file, by the names of their images.

    Args:
        file: In one of the formats above; its suffix tells in which.
        ids: The names of the images of a `.mat` file that has no `images`, in its order.

    Returns:
        For each image float32 (N, 4), in the order of the file. An archive is read, and checked, when an image is asked
        for, and stays open as long as what is returned lives.

    Raises:
        ProposalError: If the file cannot be read, or what it holds breaks a rule.
    """
    file = Path(file)
    suffix = _suffix(file, READABLE)
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for without end
            raise ProposalError(f"{file}: not a file")
        if suffix == ".npz":
            return _Archive(file)
        found = _read_json(file) if suffix == ".json" else read_matlab(file, ids)
        return {name: _checked(windows, f"{file}: image {name!r}") for name, windows in found}
    except OSError as error:
        raise ProposalError(f"{file}: cannot be read: {error.strerror or error}") from error


def write_windows(file: str | Path, items: Iterable[tuple[str, Windows]]) -> None:
    """Write windows to a file, which appears complete or not at all.

    Args:
        file: Ends in .npz or .json.
        items: For each image its name and its windows (N, 4), best first; written as they come.

    Raises:
        ProposalError: If a name is given twice or cannot be written, or windows break a rule.
        OSError: If the file cannot be written.
    """
    file = Path(file)
    write = _write_archive if _suffix(file, WRITABLE) == ".npz" else _write_json
    with whole_file(file) as stream:
        write(stream, _distinct(file, items))


def check_inside(windows: Boxes, size: tuple[int, int]) -> None:
    """Raise a ProposalError unless all windows lie inside an image of this height and width, in pixels."""
    inside = (windows[:, 2] <= size[1]) & (windows[:, 3] <= size[0])
    if not inside.all():
        row = int(np.argmin(inside))
        rule = f"must lie inside the image, {size[1]} x {size[0]} pixels"
        raise ProposalError(f"box {row + 1}: {rule}, got {windows[row].tolist()}")


class _Archive(Mapping[str, Boxes]):
    """The windows in an `.npz` file.

    Read without numpy.load, which takes a name that ends in .npy for another one.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise ProposalError(f"{file}: no readable archive: {error}") from error
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in self._archive.infolist():
            name = member.filename.removesuffix(".npy")
            if name == member.filename:
                raise ProposalError(f"{file}: must hold arrays (.npy) only, got {name!r}")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ProposalError(f"{file}: image {name!r}: must be stored or deflated, got {member.compress_type}")
            if name in self._members:
                raise ProposalError(f"{file}: image {name!r} is there twice")
            self._members[name] = member

    def __getitem__(self, name: str) -> Boxes:
        member = self._members[name]
        place = f"{self._file}: image {name!r}"
        if member.file_size > MAX_MEMBER_BYTES:  # before anything is unpacked
            raise ProposalError(f"{place}: must have at most {MAX_MEMBER_BYTES:,} bytes, got {member.file_size:,}")
        try:
            with self._archive.open(member) as stream:  # whose read() without a size would unpack more than is said
                array = _parse_array(stream.read(member.file_size))
        except MemoryError as error:
            raise ProposalError(f"{place}: there is not enough memory to unpack it") from error
        except Exception as error:  # of many kinds: numpy reads the header of an array as Python
            raise ProposalError(f"{place}: damaged: {error}") from error
        return _checked(array, place)

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


def _parse_array(content: bytes) -> Windows:
    """Return the array of an `.npy` file; ValueError if it is not as long as its header says, or holds objects."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"version {version[0]}.{version[1]} of .npy instead of 1.0")
    with catch_warnings():
        simplefilter("ignore")  # numpy warns of headers by Python 2, and reads them
        shape, _, kind = np.lib.format.read_array_header_1_0(stream)
        if kind.hasobject or len(content) - stream.tell() != math.prod(shape) * kind.itemsize:
            raise ValueError(f"{len(content)} bytes with an array {shape} of {kind}")
        stream.seek(0)
        array: Windows = np.lib.format.read_array(stream, allow_pickle=False)
    return array


def _read_json(file: Path) -> Iterator[tuple[str, Windows]]:
    if (size := file.stat().st_size) > MAX_JSON_BYTES:
        raise ProposalError(f"{file}: must have at most {MAX_JSON_BYTES:,} bytes, has {size:,}")
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"), object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:
        raise ProposalError(f"{file}: no readable JSON: {error}") from error
    if not isinstance(content, dict):
        raise ProposalError(f"{file}: must be an object with an entry for each image, got {reprlib.repr(content)}")
    for name, boxes in content.items():
        yield name, _from_lists(boxes, f"{file}: image {name!r}")


def _without_repetition(entries: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = [name for name, times in Counter(name for name, _ in entries).items() if times > 1]
    if twice:
        raise ValueError(f"{twice[0]!r} is there twice")
    return dict(entries)


def _from_lists(boxes: Any, place: str) -> Windows:
    if not isinstance(boxes, list):
        raise ProposalError(f"{place}: must be a list of boxes, got {reprlib.repr(boxes)}")
    for number, box in enumerate(boxes, 1):
        if not isinstance(box, list) or len(box) != 4 or not all(type(edge) in (int, float) for edge in box):
            raise ProposalError(f"{place}, box {number}: must be 4 numbers, got {reprlib.repr(box)}")
    try:
        return np.array(boxes, np.float64).reshape(-1, 4)
    except OverflowError as error:
        raise ProposalError(f"{place}: edges must be finite numbers: {error}") from error


def _checked(array: Windows, place: str) -> Boxes:
    """Return windows as float32, or raise a ProposalError that names the first bad box, counted from 1."""
    if array.ndim != 2 or array.shape[1] != 4 or array.dtype.kind not in "iuf":
        raise ProposalError(f"{place}: windows must be numbers (N, 4), got {array.dtype} {array.shape}")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
        boxes = array.astype(np.float32)
    for rule, valid in (
        ("edges must be finite numbers", np.isfinite(boxes).all(axis=1)),
        ("edges must not be negative", (boxes >= 0).all(axis=1)),
        ("x1 must be less than x2", boxes[:, 0] < boxes[:, 2]),
        ("y1 must be less than y2", boxes[:, 1] < boxes[:, 3]),
    ):
        if not valid.all():
            row = int(np.argmin(valid))
            raise ProposalError(f"{place}, box {row + 1}: {rule}, got x1 y1 x2 y2 = {boxes[row].tolist()}")
    return boxes


def _distinct(file: Path, items: Iterable[tuple[str, Windows]]) -> Iterator[tuple[str, Boxes]]:
    """Yield what is to be written, checked."""
    names = set()
    for name, windows in items:
        if not _can_be_named(name):
            rule = f"must be Unicode without NUL, of at most {MAX_NAME_BYTES:,} bytes"
            raise ProposalError(f"{file}: the name of an image {rule}, got {reprlib.repr(name)}")
        if name in names:
            raise ProposalError(f"{file}: image {name!r} comes twice")
        names.add(name)
        yield name, _checked(np.asarray(windows), f"{file}: image {name!r}")


def _can_be_named(name: str) -> bool:
    """Return whether an archive keeps the name as it is: it would cut one at NUL."""
    try:
        return "\0" not in name and len(name.encode()) <= MAX_NAME_BYTES
    except UnicodeEncodeError:
        return False


def _write_archive(stream: IO[bytes], items: Iterable[tuple[str, Boxes]]) -> None:
    with zipfile.ZipFile(stream, "w") as archive:
        for name, windows in items:
            content = io.BytesIO()
            np.lib.format.write_array(content, windows.astype("<f4", order="C"), version=(1, 0), allow_pickle=False)
            member = zipfile.ZipInfo(f"{name}.npy")  # dated 1980: the same windows make the same file
            archive.writestr(member, content.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=1)


def _write_json(stream: IO[bytes], items: Iterable[tuple[str, Boxes]]) -> None:
    separator = "{\n"
    for name, windows in items:
        stream.write(f"{separator}{json.dumps(name)}: {json.dumps(windows.tolist())}".encode())
        separator = ",\n"
    stream.write(b"\n}\n" if separator == ",\n" else b"{}\n")


def _suffix(file: Path, allowed: tuple[str, ...]) -> str:
    suffix = file.suffix.lower()
    if suffix not in allowed:
        raise ProposalError(f"{file}: must end in {', '.join(allowed)}")
    return suffix
