"""Hostile files: what is made, what reads it, and what must come of it.

Beside the folder that is read lie files whose names hold "canary", which nothing may open. What must come is a part of
the first message, as a regular expression; for "read" the file does no harm and is read.
"""

import importlib
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from sppnet import data

from .. import worst_inputs as worst
from . import pickles
from . import small_files as small
from .readers import READERS, Call

Files = Mapping[str, "bytes | Callable[[Path], object]"]  # content, or what makes a file that is none


class Hostile(NamedTuple):
    """Files that somebody made to do harm.

    Attributes:
        files: Makes what they hold, by their names.
        call: Reads the folder of them.
        outcome: What must come of it.
    """

    files: Callable[[], Files]
    call: Call
    outcome: str


def write(files: Files, folder: Path) -> None:
    """Write files into a folder, and beside it those that nothing may open."""
    folder.mkdir(parents=True)
    (folder.parent / "canary.jpg").write_bytes(small.picture())
    for name in ("canary.txt", "canary.xml", "canary.json"):
        (folder.parent / name).write_text("a canary\n")
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            content(place)
        else:
            place.write_bytes(content)


def _pipe(place: Path) -> None:
    os.mkfifo(place)


def _link(target: str) -> Callable[[Path], None]:
    return lambda place: place.symlink_to(target)


def _data_set(format: str, root: Path) -> object:
    found = data.open_data(root, format=format)
    return [found.image(number).shape for number in range(len(found))]


def _coco(change: Callable[[Any], object], outcome: str) -> Hostile:
    """Return a data set in COCO's format after a change of what its JSON holds."""

    def files() -> Files:
        content = json.loads(small.coco_json())
        change(content)
        return {**READERS["coco"].files(), "annotations/instances_train.json": small.as_json(content)}

    return Hostile(files, partial(_data_set, "coco"), outcome)


def _with(format: str, outcome: str, files: Files) -> Hostile:
    """Return the small data set of a format with other files."""
    return Hostile(lambda: {**READERS[format].files(), **files}, partial(_data_set, format), outcome)


def _xml(content: bytes, outcome: str) -> Hostile:
    return _with("voc-xml", outcome, {"a.xml": content})


def _yaml(content: str, outcome: str) -> Hostile:
    return _with("yolo", outcome, {"data.yaml": content.encode()})


def _image(content: "bytes | Callable[[Path], object]", outcome: str) -> Hostile:
    return Hostile(lambda: {"a.jpg": content}, lambda root: data.read_image(root / "a.jpg").shape, outcome)


def _one(reader: str, name: str, content: "bytes | Callable[[Path], object]", outcome: str) -> Hostile:
    """Return one file of a reader, changed; its others as they are."""
    return Hostile(lambda: {**READERS[reader].files(), name: content}, READERS[reader].calls[0], outcome)


def _changed(reader: str, name: str, change: Callable[[Any], object], outcome: str) -> Hostile:
    """Return the files of a reader, one of them JSON after a change of what it holds."""

    def files() -> Files:
        whole = dict(READERS[reader].files())
        content = json.loads(whole[name])
        change(content)
        return {**whole, name: small.as_json(content)}

    return Hostile(files, READERS[reader].calls[0], outcome)


def _weights(content: bytes, outcome: str = "the weights cannot be read|named tensors only") -> Hostile:
    return _one("weights new.pth", "new.pth", content, outcome)


def _tensors(outcome: str, header: "Mapping[str, Any] | bytes", numbers: bytes = b"", length: int = -1) -> Hostile:
    """Return a detector whose tensors' file has this header."""
    head = header if isinstance(header, bytes) else small.as_json(header)
    size = len(head) if length < 0 else length
    return _one("detector", "model.safetensors", struct.pack("<Q", size) + head + numbers, outcome)


def _tensor(kind: str, shape: list[int], start: int, end: int) -> dict[str, Any]:
    return {"dtype": kind, "shape": shape, "data_offsets": [start, end]}


def _archive(members: list[tuple[str, bytes]], kind: int = zipfile.ZIP_STORED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", kind) as archive:
        for name, inside in members:
            archive.writestr(name, inside)
    return content.getvalue()


def _npy(header: bytes, content: bytes = b"") -> bytes:
    head = header.ljust(117) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head + content


def _npz(outcome: str, *members: tuple[str, bytes], kind: int = zipfile.ZIP_STORED) -> Hostile:
    return _one("windows .npz", "windows.npz", _archive(list(members), kind), outcome)


def _png(width: int, height: int) -> bytes:
    """Return a PNG that says to be of a size, with no pixels worth mentioning."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(worst.chunk(*one) for one in chunks)


def _sized_jpeg(width: int, height: int) -> bytes:
    content = bytearray(small.picture())
    place = content.index(b"\xff\xc0") + 5
    content[place : place + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def _looped_tags(tag: int) -> bytes:
    """Return a JPEG whose EXIF directory is inside itself."""
    directory = struct.pack("<HHHII", 1, tag, 4, 1, 8) + struct.pack("<I", 8)
    return small.picture(exif=b"Exif\0\0II*\0\x08\0\0\0" + directory)


def _looped_tiff() -> bytes:
    """Return a TIFF whose only directory is followed by itself."""
    content = bytearray(small.picture("TIFF"))
    start = int.from_bytes(content[4:8], "little")
    end = start + 2 + 12 * int.from_bytes(content[start : start + 2], "little")
    content[end : end + 4] = struct.pack("<I", start)
    return bytes(content)


def _profile(megabytes: int) -> bytes:
    packed = b"icc\0\0" + zlib.compress(bytes(megabytes << 20), 9)
    return worst.with_chunks(worst.chunk(b"iCCP", packed))


def _gif() -> bytes:
    content = io.BytesIO()
    Image.new("L", (4, 4)).save(content, "GIF")
    return content.getvalue()


def _deep(depth: int = 100_000) -> bytes:
    return b"[" * depth + b"]" * depth


def _yaml_bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return "\n".join(lines) + "\n"


def _laughs() -> bytes:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE a [<!ENTITY a0 "ha">{entities}]><annotation>&a9;</annotation>'.encode()


def _signed(key: str, payload: bytes) -> bytes:
    """Return a file of a cache whose checksum is right, as somebody makes it who knows how."""
    digest = importlib.import_module("sppnet.detector.files.cache").digest
    return bytes(digest(key, payload)) + payload


def _before(content: Any, number: int) -> str:
    return f"j{number - 1}" if number else str(content["layers"][-1])


_CALL = pickles.CALLS["open"] + b"."
_XML_HEAD = b'<?xml version="1.0" encoding="%b"?>'
_BOX = "bbox must be|must be a number|edges must be finite|no readable JSON"

HOSTILE: dict[str, Hostile] = {
    # Names that lead elsewhere.
    "COCO: ../canary.jpg": _coco(lambda c: c["images"][0].update(file_name="../canary.jpg"), "inside the data set"),
    "COCO: /etc/passwd": _coco(lambda c: c["images"][0].update(file_name="/etc/passwd"), "inside the data set"),
    "COCO: a name of Windows": _coco(lambda c: c["images"][0].update(file_name="C:\\a.jpg"), "inside the data set"),
    "COCO: a name with NUL": _coco(lambda c: c["images"][0].update(file_name="a.jpg\0.png"), "inside the data set"),
    "COCO: half a character": _coco(lambda c: c["images"][0].update(file_name="\ud800.jpg"), "no such image"),
    "COCO: a name of 5,000 letters": _coco(lambda c: c["images"][0].update(file_name="x" * 5000), "image number 1"),
    "VOC: a split of ../canary": _with(
        "voc", "must be a plain name", {"VOC2007/ImageSets/Main/train.txt": b"../../canary\n"}
    )._replace(call=lambda root: len(data.open_data(root, "train"))),
    "VOC: a split of /etc/passwd": _with(
        "voc", "must be a plain name", {"VOC2007/ImageSets/Main/train.txt": b"/etc/passwd\n"}
    )._replace(call=lambda root: len(data.open_data(root, "train"))),
    "VOC: filename ../canary.jpg": _xml(small.voc_xml("a").replace(b">a.jpg", b">../canary.jpg"), "read"),
    "LabelMe: imagePath ../canary.jpg": _with(
        "labelme", "read", {"a.json": small.labelme_json("a").replace(b'"a.jpg"', b'"../canary.jpg"')}
    ),
    "LabelMe: a path of Windows": _with(
        "labelme", "read", {"a.json": small.labelme_json("a").replace(b'"a.jpg"', b'"..\\\\canary.jpg"')}
    ),
    "CSV: a text as image": _with(
        "csv", "not a JPEG", {"boxes.csv": b"../other.txt,1,1,5,5,cat\n", "../other.txt": b"a secret of many words\n"}
    ),
    "CSV: a name with NUL": _with("csv", "must be a path", {"boxes.csv": b"a\0b.jpg,1,1,5,5,cat\n"}),
    "YOLO: a text as image": _with(
        "yolo", "not a JPEG", {"list.txt": b"../other.txt\n", "../other.txt": b"a secret of many words\n"}
    ),
    "YOLO: the whole disk": _yaml("path: /\ntrain: .\nnames: [cat, dog]\n", "around"),
    "YOLO: a device": _yaml("train: /dev/zero\nnames: [cat, dog]\n", "must name folders of images"),
    "detections: /etc/passwd": _one(
        "detections list.json", "list.json", b'[{"image": "/etc/passwd", "label": "cat"}]', "unknown image"
    ),
    "windows: ../canary.npy": _npz(
        "read", ("../canary.npy", _npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4), }"))
    ),
    "weights: members outside": _weights(_archive([("../canary.txt", b"x"), ("../data.pkl", _CALL)])),
    "notes of a run: a file outside": _changed(
        "notes of a run", ".sppnet-detect.json", lambda c: c.update(sizes={"../../canary.txt": 0}), "in the folder"
    ),
    "a list of images: a pipe and a device": Hostile(
        lambda: {"list.txt": b"/dev/zero\n/dev/stdin\nx\0y.jpg\n"}, READERS["image list"].calls[0], "read"
    ),
    "a link to itself as image": _image(_link("a.jpg"), "no such file"),
    "links round in a circle": _with("voc", "read", {"VOC2007/Annotations/again": _link("..")}),
    # What a reader would wait for without end.
    "a pipe as image": _image(_pipe, "not a file"),
    "a device as image": _image(_link("/dev/zero"), "not a file"),
    "a folder as image": _image(lambda place: place.mkdir(), "not a file"),
    "a pipe as annotation": _with("voc-xml", "not a file", {"c.xml": _pipe, "c.jpg": small.picture()}),
    "a pipe as labels": _with("yolo", "read|not a file", {"labels/c.txt": _pipe, "images/c.jpg": small.picture()}),
    "a pipe as classes": _one("yolo classes.txt", "classes.txt", _pipe, "must hold|no data set|must name the classes"),
    "a pipe as shapes": _with("labelme", "not a file", {"c.json": _pipe}),
    "a pipe as settings": _one("detector", "config.json", _pipe, "not a file"),
    "a pipe as tensors": _one("detector", "model.safetensors", _pipe, "not a file"),
    "a pipe as weights": _one("weights new.pth", "new.pth", _pipe, "no such weights file"),
    "a pipe as windows": _one("windows .npz", "windows.npz", _pipe, "not a file"),
    "a pipe as detections": _one("detections list.json", "list.json", _pipe, "not a file"),
    "a pipe as note of a run": _one("notes of a run", ".sppnet-detect.json", _pipe, "no note"),
    # XML.
    "XML: a billion laughs": _xml(_laughs(), "DOCTYPE"),
    "XML: a file as entity": _xml(
        b'<!DOCTYPE a [<!ENTITY a SYSTEM "../canary.txt">]><annotation>&a;</annotation>', "DOCTYPE"
    ),
    "XML: a DTD from outside": _xml(b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><annotation/>', "DOCTYPE"),
    "XML: entities of parameters": _xml(
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "file:../canary.txt"> %p;]><annotation/>', "DOCTYPE"
    ),
    "XML: 100,000 elements deep": _xml(b"<annotation>" + b"<a>" * 100_000, "nested at most"),
    "XML: 9 MB": _xml(b"<annotation>" + b" " * (9 << 20) + b"</annotation>", "at most"),
    "XML: encoded as escapes": _xml(_XML_HEAD % b"unicode_escape" + b"<annotation/>", "unknown encoding"),
    "XML: encoded as zlib": _xml(_XML_HEAD % b"zlib_codec" + b"<annotation/>", "no readable XML"),
    "XML: a name that turns the line": _xml(small.voc_xml("a").replace(b"cat", "c\u202eat".encode()), "printable"),
    # YAML.
    "YAML: aliases as path": _yaml(_yaml_bomb() + "path: *a9\ntrain: images\nnames: [cat]\n", "path must be"),
    "YAML: aliases as number of classes": _yaml(
        _yaml_bomb() + "nc: *a9\ntrain: images\nnames: [cat, dog]\n", "nc must be"
    ),
    "YAML: aliases as names": _yaml(_yaml_bomb() + "names: *a9\ntrain: images\n", "names must be"),
    "YAML: aliases as images": _yaml(_yaml_bomb() + "names: [cat, dog]\ntrain: *a9\n", "train, val or test"),
    "YAML: a tag of Python": _yaml(
        f"names: !!python/object/apply:os.system ['touch {pickles.EXECUTED}']\ntrain: images\n", "names must|no class"
    ),
    "YAML: 500,000 brackets": _yaml("names: [cat]\ntrain: " + "[" * 500_000, "nested too deeply|no readable YAML"),
    # JSON.
    "COCO: 100,000 brackets": _with(
        "coco", "no readable JSON|nested", {"annotations/instances_train.json": b'{"images": ' + _deep()}
    ),
    "COCO: a box of NaN": _coco(lambda c: c["annotations"][0].update(bbox=[float("nan")] * 4), _BOX),
    "COCO: an endless box": _coco(lambda c: c["annotations"][0].update(bbox=[0, 0, 1e300, 1e300]), _BOX),
    "COCO: a box of texts": _coco(lambda c: c["annotations"][0].update(bbox="1" * 100_000), "bbox must be"),
    "COCO: a class that steers terminals": _coco(lambda c: c["categories"][0].update(name="\x1b[2J"), "printable"),
    "COCO: a number of 5,000 digits": _with(
        "coco", "no readable JSON", {"annotations/instances_train.json": b'{"images": [' + b"1" * 5000 + b"]}"}
    ),
    "LabelMe: 100,000 brackets": _with("labelme", "no readable JSON|nested", {"a.json": b'{"shapes": [' + _deep()}),
    "detections: 100,000 brackets": _one(
        "detections list.json", "list.json", _deep(), "no readable JSON|nested|must be"
    ),
    "windows: 100,000 objects": _one("windows .json", "windows.json", worst.nested(100_000), "no readable JSON"),
    "windows: an image twice": _one("windows .json", "windows.json", b'{"a": [], "a": []}', "there twice"),
    "settings: 100,000 brackets": _one("detector", "config.json", b'{"format": ' + _deep(), "cannot be read as JSON"),
    # Tables.
    "CSV: a field of 1 MB": _with("csv", "field larger", {"boxes.csv": b"a.jpg,1,1,5,5,cat\n" + b"x" * (1 << 20)}),
    "CSV: 300,000 columns": _with(
        "csv", "must have 6 columns", {"boxes.csv": b"a.jpg,1,1,5,5,cat\n" + b"x," * 300_000}
    ),
    # Archives of windows.
    "npz: 512 MB said to be 64 MB": _one(
        "windows .npz", "windows.npz", worst.understated_archive(512, 1 << 26), "image 'a': "
    ),
    "npz: pickled objects": _npz("image 'a'", ("a.npy", pickles.array(_CALL))),
    "npz: a header that is a program": _npz(
        "damaged", ("a.npy", _npy(b"{'descr': open('executed', 'w'), 'shape': ()}"))
    ),
    "npz: more than there is": _npz(
        "damaged", ("a.npy", _npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 4), }"))
    ),
    "npz: an unusual packing": _npz("stored or deflated", ("a.npy", b"x" * 100), kind=zipfile.ZIP_LZMA),
    # Pictures.
    "PNG: 30,000 x 30,000": _image(_png(30_000, 30_000), "the limits are"),
    "PNG: 2 billion wide": _image(_png(2**31 - 1, 1), "the limits are|damaged"),
    "PNG: a profile of 512 MB": _image(_profile(512), "read"),
    "JPEG: 65,500 x 65,500": _image(_sized_jpeg(65_500, 65_500), "the limits are"),
    "JPEG: tags inside themselves": _image(_looped_tags(0x8769), "read"),
    "JPEG: a place inside itself": _image(_looped_tags(0x8825), "read"),
    "TIFF: pages without end": _image(_looped_tiff(), "read"),
    "BMP: of a negative size": _image(
        small.picture("BMP")[:18] + struct.pack("<ii", -5, -(2**31)) + small.picture("BMP")[26:],
        "damaged|limits|unsupp",
    ),
    "GIF": _image(_gif(), "not a JPEG"),
    "SVG": _image(b'<svg xmlns="http://www.w3.org/2000/svg"><image href="../canary.jpg"/></svg>', "not a JPEG"),
    "a program of PostScript": _image(b"%!PS-Adobe-3.0 EPSF-3.0\n(executed) (w) file\n", "not a JPEG"),
    # Weights.
    **{f"pickle in an archive: {name}": _weights(pickles.archive(call + b".")) for name, call in pickles.CALLS.items()},
    **{
        f"pickle of the older format: {name}": _weights(pickles.older(call + b"."))
        for name, call in pickles.CALLS.items()
    },
    "pickle of the oldest format": _weights(pickles.oldest(_CALL)),
    "pickle alone": _weights(_CALL),
    "program of TorchScript": _weights(
        _archive([("a/constants.pkl", _CALL), ("a/code/a.py", b"x"), ("a/version", b"3")])
    ),
    "weights that unpack to 512 MB": _weights(worst.understated_archive(512, 512 << 20), "unpacks to"),
    # Tensors.
    "tensors: a header of 9 EB": _tensors("cannot be read", b"{}", length=2**63 - 1),
    "tensors: a header beyond the end": _tensors("cannot be read", b"{}", length=1 << 20),
    "tensors: one upon the other": _tensors(
        "cannot be read", {"weights": _tensor("F32", [2], 0, 8), "biases": _tensor("F32", [2], 4, 12)}, bytes(12)
    ),
    "tensors: a negative side": _tensors("cannot be read", {"weights": _tensor("F32", [-2], 0, 8)}, bytes(8)),
    "tensors: a negative place": _tensors("cannot be read", {"weights": _tensor("F32", [2], -8, 0)}, bytes(8)),
    "tensors: sides that overflow": _tensors("cannot be read", {"weights": _tensor("F32", [2**32, 2**32], 0, 0)}),
    "tensors: more than there is": _tensors("cannot be read", {"weights": _tensor("F32", [2**40], 0, 2**42)}, bytes(8)),
    "tensors: of an unknown kind": _tensors("cannot be read", {"weights": _tensor("Q7", [2], 0, 8)}, bytes(8)),
    "tensors: 100,000 brackets": _tensors("cannot be read", b'{"a": ' + _deep()),
    "tensors: none": _tensors("missing|damaged", {}),
    # Settings of models.
    "settings: a scale of a billion": _changed(
        "detector", "config.json", lambda c: c["pooling"].update(scales=[10**9]), "scales must be"
    ),
    "settings: a picture of 10^300 pixels": _changed(
        "detector", "config.json", lambda c: c["pooling"].update(max_side=10**300), "max_side must be"
    ),
    "settings: layers of 65,536 values": _changed(
        "tuned detector",
        "config.json",
        lambda c: c["fine_tuning"].update(widths=[65_536, 65_536]),
        "must be finite|damaged",
    ),
    "settings: a method of Python": _changed(
        "detector", "config.json", lambda c: c.update(method="__import__('os')"), "no method"
    ),
    "conv layers: 3,000 operations": _changed(
        "detector", "conv.json", lambda c: c.update(operations=c["operations"] * 750), "at most 2,000"
    ),
    "conv layers: one joined with itself": _changed(
        "detector",
        "conv.json",
        lambda c: c.update(
            operations=[
                *c["operations"],
                *(["Concat", [_before(c, n)] * 2, f"j{n}", [], {"axis": 1}] for n in range(40)),
            ],
            layers=[*c["layers"], "j39"],
        ),
        "from 1 to",
    ),
    "conv layers: an operation that is none": _changed(
        "detector", "conv.json", lambda c: c["operations"][0].__setitem__(0, "Loop"), "no operation"
    ),
    "metrics: learned contents of anything": _changed(
        "detector", "metrics.json", lambda c: c.update(learned_contents="../canary"), "read"
    ),
    "classifier: layers of 65,536 values": _changed(
        "classifier", "config.json", lambda c: c.update(widths=[65_536] * 60), "missing|must be finite"
    ),
    # Caches of somebody who knows how to make the checksums right.
    "cache: a pickle with its checksum": Hostile(
        lambda: {"finetuning-key.pt": _signed("finetuning-key", pickles.archive(_CALL))},
        READERS["states of trainings"].calls[0],
        "nothing",
    ),
    "cache: pickled objects with their checksum": Hostile(
        lambda: {"2.key.array": _signed("key", pickles.array(_CALL))}, READERS["arrays kept"].calls[0], "nothing"
    ),
}
