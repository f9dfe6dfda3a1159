"""The worst input of each reader: few bytes that ask for much time or memory. The same arguments, the same bytes."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

MATLAB_HEADER = b" " * 124 + b"\x00\x01IM"
MATRIX, COMPRESSED, EMPTY_CELL = 14, 15, struct.pack("<II", 14, 0)


def element(kind: int, content: bytes) -> bytes:
    """Return a part of a MATLAB file."""
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def matlab_head(shape: tuple[int, ...], name: bytes = b"boxes") -> bytes:
    """Return the head of a cell array in a MATLAB file."""
    parts = (6, struct.pack("<II", 1, 0)), (5, struct.pack(f"<{len(shape)}i", *shape)), (1, name)
    return b"".join(element(kind, content) for kind, content in parts)


def packed_cells(cells: int) -> bytes:
    """Return a MATLAB file of so many empty cells, packed to a thousandth."""
    head, stream = matlab_head((1, cells)), zlib.compressobj(9)
    pieces = [stream.compress(struct.pack("<II", MATRIX, len(head) + 8 * cells) + head)]
    pieces += [stream.compress(EMPTY_CELL * min(1 << 16, cells - start)) for start in range(0, cells, 1 << 16)]
    packed = b"".join([*pieces, stream.flush()])
    return MATLAB_HEADER + struct.pack("<II", COMPRESSED, len(packed)) + packed


def plain_cells(cells: int) -> bytes:
    """Return a MATLAB file of so many empty cells, not packed."""
    return MATLAB_HEADER + element(MATRIX, matlab_head((1, cells)) + EMPTY_CELL * cells)


def many_sides(sides: int) -> bytes:
    """Return a MATLAB file of a matrix with so many sides of 1."""
    return MATLAB_HEADER + element(MATRIX, matlab_head((1,) * sides))


def understated_archive(megabytes: int, said: int) -> bytes:
    """Return an `.npz` of one array that unpacks to so many megabytes, and is said to have so many bytes."""
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = b"".join([*(stream.compress(bytes(1 << 20)) for _ in range(megabytes)), stream.flush()])
    name, sizes = b"a.npy", struct.pack("<LLL", 0, len(packed), said)
    begins = struct.pack("<4sHHHHH", b"PK\3\4", 20, 0, 8, 0, 33) + sizes + struct.pack("<HH", len(name), 0) + name
    listed = struct.pack("<4sHHHHHH", b"PK\1\2", 20, 20, 0, 8, 0, 33) + sizes
    listed += struct.pack("<HHHHHLL", len(name), 0, 0, 0, 0, 0, 0) + name
    start = len(begins) + len(packed)
    return begins + packed + listed + struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 1, 1, len(listed), start, 0)


def many_scans(side: int, scans: int, *, ended: bool = True) -> bytes:
    """Return a progressive JPEG of one grey with its last scan so many times more, each of a few bytes."""
    data = _encoded(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + scan * scans + b"\xff\xd9" * ended


def many_segments(segments: int) -> bytes:
    """Return a JPEG with so many empty segments."""
    data = _encoded(Image.new("L", (8, 8)), "JPEG")
    return data[:2] + b"\xff\xe0\0\2" * segments + data[2:]


def many_texts(texts: int, megabytes: int) -> bytes:
    """Return a PNG with so many packed texts that may hold its orientation."""
    text = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(megabytes << 20), 9)
    return with_chunks(chunk(b"iTXt", text) * texts)


def many_chunks(chunks: int) -> bytes:
    """Return a PNG with so many empty chunks."""
    return with_chunks(chunk(b"abCd", b"") * chunks)


def run_lengths(width: int, height: int) -> bytes:
    """Return a BMP whose rows are ends of lines alone, which are filled pixel by pixel."""
    codes = b"\1\0\0\0" * height + b"\0\1"
    palette = bytes(1024)
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(codes), 0, 0, 256, 0)
    return struct.pack("<2sIII", b"BM", 54 + len(palette) + len(codes), 0, 54 + len(palette)) + header + palette + codes


def many_strips(strips: int) -> bytes:
    """Return a TIFF of one column of pixels with a strip for each, all of them in one place."""
    tags = {256: 1, 257: strips, 258: 8, 259: 1, 262: 1, 277: 1, 278: 1}
    end = 8 + 2 + 12 * (len(tags) + 2) + 4
    rows = [(tag, 4, 1, value) for tag, value in tags.items()]
    rows += [(273, 4, strips, end), (279, 4, strips, end + 4 * strips)]
    entries = b"".join(struct.pack("<HHII", *row) for row in sorted(rows))
    lists = struct.pack("<I", 0) * strips + struct.pack("<I", 1) * strips
    return b"II*\0" + struct.pack("<IH", 8, len(rows)) + entries + bytes(4) + lists


def nested(depth: int) -> bytes:
    """Return JSON, and YAML, of objects in objects."""
    return b'{"a": ' * depth + b"1" + b"}" * depth


def one_colour(kind: str, width: int, height: int, mode: str = "RGBA", **options: Any) -> bytes:
    """Return a picture of one colour, half of it seen through, in few bytes."""
    return _encoded(Image.new(mode, (width, height), (9, 9, 9, 128)[: len(mode)]), kind, **options)


def frames(kind: str, count: int) -> bytes:
    """Return a film of so many small pictures, each another grey."""
    pictures = [Image.new("L", (16, 16), number % 256).convert("RGB") for number in range(count)]
    return _encoded(
        pictures[0], kind, save_all=True, append_images=pictures[1:], **({"speed": 10} if kind == "AVIF" else {})
    )


def said_to_be(width: int, height: int) -> bytes:
    """Return an AVIF that says to be of this size, and holds less."""
    content = bytearray(_encoded(Image.new("RGB", (64, 64)), "AVIF", speed=10))
    place = content.index(b"ispe") + 8
    content[place : place + 8] = struct.pack(">II", width, height)
    return bytes(content)


def _encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_chunks(chunks: bytes) -> bytes:
    """Return a PNG of a pixel with further chunks before its data."""
    data = _encoded(Image.new("L", (1, 1)), "PNG")
    place = data.index(b"IDAT") - 4
    return data[:place] + chunks + data[place:]


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
