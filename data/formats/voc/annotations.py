"""One annotation file of Pascal VOC: XML in, checked objects out."""

import codecs
import math
import re
import reprlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from xml.etree import ElementTree

from ...errors import DataError, ReversedError, UnknownClassError
from ...listing import normal
from ...unchecked import Box, Found
from ..layouts import is_special
from ..things import LARGEST, Annotation, cut, outside

MAX_BYTES, MAX_DEPTH = 8 << 20, 32  # real annotations have kilobytes and four levels

DECLARATION = re.compile(rb"""<\?xml\b[^>]*?\bencoding\s*=\s*["']([\w.:-]+)["'][^>]*>""", re.ASCII)
MARKS = {  # at the beginning of a file; the longer first
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
# What programs write under a smaller encoding's name; tried where the smaller one fails.
WIDER = {
    "ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "cp950",
}
NO_TEXT = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"}  # known to Python, not encodings
DIFFICULT = {"0": False, "false": False, "no": False, "": False, "1": True, "true": True, "yes": True}


def read_annotation(
    file: Path, classes: Collection[str] | None, report: Callable[[str, str], None]
) -> Annotation | None:
    """Return what an annotation says, or None if it cannot be read.

    VOC's 1-based inclusive corners become outer edges. A missing `difficult` means no, as does one that is neither 0
    nor 1, which is noted; a missing `size` means that the right and bottom borders are unknown. Parts of objects are
    not objects. Elements may be named in capitals.

    Args:
        file: Path of the XML file.
        classes: Class names that objects may have; None allows every name.
        report: Called with what breaks which rule, and what happens then: the object is dropped or clipped, its
            corners are swapped, or the image is dropped. It may raise.
    """
    try:
        size, elements = unchecked_annotation(file, classes)
    except DataError as error:
        report(f"{file}: {error}", "image dropped")
        return None
    objects, notes = [], []
    for place, name, box, difficult, _, fault, note in elements:
        if fault:
            report(f"{place}: {fault}", "dropped" if box is None else "swapped")
        if box is None:
            continue
        inside, lacks = cut(box, size)
        if lacks:
            report(f"{place}: {outside(box, size)}", "clipped" if inside else "dropped")
        if inside:
            notes += [f"{place}: {note}"] * bool(note)
            objects.append((name, inside, difficult))
    return Annotation(size, objects, tuple(notes))


def unchecked_annotation(
    file: Path, classes: Collection[str] | None = None
) -> tuple[tuple[float, float], Iterator[Found]]:
    """Return the size of the image as an annotation tells it, and all its objects, with what is wrong with them.

    Raises:
        DataError: If the file cannot be read.
    """
    root = _parse(file)
    objects = enumerate(root.findall("object"), 1)
    size = _length(root, "size/width"), _length(root, "size/height")
    return size, (_found(f"{file}: object {number}", element, classes) for number, element in objects)


class _Builder(ElementTree.TreeBuilder):
    """Refuses document types, which every XML bomb and outside reference needs, and deep nesting; lowers all names.

    That is all defusedxml would do for us, so it is no dependency.
    """

    depth = 0

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise DataError("DOCTYPE is not allowed")

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise DataError(f"elements must be nested at most {MAX_DEPTH} deep")
        return super().start(tag.lower(), attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        self.depth -= 1
        return super().end(tag.lower())


def _parse(file: Path) -> ElementTree.Element:
    if is_special(file):
        raise DataError("not a file")
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise DataError(f"an annotation must have at most {MAX_BYTES} bytes")
    try:
        root = ElementTree.fromstring(_text(data), ElementTree.XMLParser(target=_Builder()))
    except DataError:
        raise
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # the last two: encodings
        raise DataError(f"no readable XML: {error}") from error
    if root.tag != "annotation":
        raise DataError(f"the root element must be <annotation>, got <{reprlib.repr(root.tag)[1:-1]}>")
    return root


def _text(data: bytes) -> str:
    """Return the characters of an XML file; the parser itself knows few of the encodings that files declare.

    A mark at the beginning counts more than what is declared. A declaration that can be read as ASCII is not in UTF-16,
    whatever it says.
    """
    for mark, encoding in MARKS.items():
        if data.startswith(mark):
            return data.decode(encoding)
    declared = DECLARATION.match(data[:1000])
    encoding = codecs.lookup(declared[1].decode() if declared else "utf-8").name
    if encoding in NO_TEXT:
        raise LookupError(f"unknown encoding: {encoding}")
    if encoding.startswith(("utf-16", "utf-32")):
        encoding = "utf-8"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        if encoding not in WIDER:
            raise
        return data.decode(WIDER[encoding])


def _found(place: str, element: ElementTree.Element, classes: Collection[str] | None) -> Found:
    name = normal((element.findtext("name") or "").strip())
    place = f"{place} ({name or 'no name'})"
    try:
        xmin, ymin, xmax, ymax = _corners(element, name, classes)
    except DataError as error:
        return Found(place, name, error=error)
    swapped = None
    if xmax < xmin or ymax < ymin:
        rule = "xmin <= xmax and ymin <= ymax must hold"
        swapped = ReversedError(f"{rule}, got x {xmin:g} to {xmax:g}, y {ymin:g} to {ymax:g}")
    box = min(xmin, xmax) - 1, min(ymin, ymax) - 1, max(xmin, xmax), max(ymin, ymax)
    difficult = (element.findtext("difficult") or "").strip()
    odd = difficult.lower() not in DIFFICULT
    note = f"difficult must be 0 or 1, got {reprlib.repr(difficult)}: taken as 0" if odd else ""
    return Found(place, name, box, DIFFICULT.get(difficult.lower(), False), error=swapped, note=note)


def _corners(element: ElementTree.Element, name: str, classes: Collection[str] | None) -> Box:
    """Return xmin, ymin, xmax and ymax of an object that keeps the rules."""
    if not name:
        raise DataError("an object needs a name")
    if classes is not None and name not in classes:
        raise UnknownClassError(f"unknown class, the classes are {', '.join(classes)}")
    corners = element.find("bndbox")
    if corners is None:
        raise DataError("an object needs a bndbox")
    xmin, ymin, xmax, ymax = (_number(corners, edge) for edge in ("xmin", "ymin", "xmax", "ymax"))
    return xmin, ymin, xmax, ymax


def _number(corners: ElementTree.Element, edge: str) -> float:
    text = corners.findtext(edge)
    try:
        number = float(text or "")
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{edge} must be a number, got {reprlib.repr(text)}")
    if abs(number) > LARGEST:
        raise DataError(f"{edge} must be at most {LARGEST:,} in magnitude, got {reprlib.repr(text)}")
    return number


def _length(root: ElementTree.Element, path: str) -> float:
    """Return a length of the image in pixels, infinity if the annotation does not tell it."""
    try:
        length = float(root.findtext(path) or "")
    except ValueError:
        return math.inf
    return length if 0 < length <= LARGEST else math.inf
