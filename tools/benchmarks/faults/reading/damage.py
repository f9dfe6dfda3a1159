"""Damage done to the content of a file, drawn at random: to its bytes, to its words, or to what its format holds."""

import io
import json
import pickletools
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from .pickles import CALLS

CHANGES = (1, 1, 1, 2, 3)  # of one file, all alike
_PLACE = "\x01{}\x01"  # what stands for a value while JSON is written

# Texts of JSON, each of them one that some reader somewhere does not expect.
VALUES = (
    *("NaN", "Infinity", "-Infinity", "-1", "0", "-0.0", "1e308", "-1e999", "1e-320", "2147483648", "4294967295"),
    *("9223372036854775808", "340282366920938463463374607431768211456", "1" * 400, "1" * 5000, "1.5", "true", "null"),
    *("[]", "{}", "[[]]", '""', '"0"', '"NaN"', '"\\ud800"', '"a\\u0000b"', '"\\u001b[31m"', '"\\u202e"', '"a\\nb"'),
    *('"../../outside.jpg"', '"/etc/passwd"', '"C:\\\\a.jpg"', '"."', '".."', '"' + "x" * 300 + '"', '"\\u00e4"'),
    *('"' + "y" * 70_000 + '"', "[" * 5000 + "]" * 5000, "[" + "0," * 3000 + "0]", '{"a": {"b": [1, 2]}}'),
)
WORDS = (
    *("NaN", "inf", "-1", "0", "1e999", "99999999999999999999", "1" * 5000, "0x10", "\u0661", "1_0", "", " ", "-"),
    *("../../outside", "/etc/passwd", "C:\\a", "x" * 300, "y" * 70_000, "\0", "\x1b[31m", "\u202e", "\ud800", "\n"),
    *("<a>", "</a>", "&a;", "&#0;", "<!DOCTYPE a [<!ENTITY a 'b'>]>", "<![CDATA[", '"', "'", ",", ";", ":", "{", "["),
    *("!!python/object/apply:os.system ['x']", "*a", "&a ", "- ", "? ", "|", "%", "@", "`", "\t", "\r", "\ufeff"),
)


def damage(content: bytes, kind: str, random: Random) -> bytes:
    """Return a content that is not the same.

    Args:
        content: A good one.
        kind: bytes, text, json, zip, png, safetensors or pickle; in half of all cases it is damaged as bytes or text.
        random: Decides how.
    """
    ways: Sequence[Callable[[bytes, Random], bytes]] = _WAYS[kind]
    for _ in range(10):
        try:
            found = random.choice(ways)(content, random)
        except (ValueError, KeyError, IndexError, zipfile.BadZipFile, zlib.error):  # it is not of this kind any more
            continue
        if found != content:
            return found
    return content[:-1] or b"\0"


def damaged_bytes(content: bytes, random: Random) -> bytes:
    """Return a content with bits flipped, bytes replaced, or blocks cut, repeated, exchanged or put in."""
    data = bytearray(content)
    change = random.choice((_flip, _special, _number, _cut_off, _remove, _repeat, _insert, _exchange))
    for _ in range(random.choice(CHANGES)):
        if data:
            change(data, random)
    return bytes(data)


def damaged_text(content: bytes, random: Random) -> bytes:
    """Return a text with numbers or words replaced, or lines left out, repeated or exchanged."""
    text = content.decode("utf-8", "surrogateescape")
    for _ in range(random.choice(CHANGES)):
        if random.random() < 0.3:
            lines = text.splitlines(keepends=True) or [""]
            first, second = random.randrange(len(lines)), random.randrange(len(lines))
            way = random.randrange(3)
            if way == 0:
                lines[first], lines[second] = lines[second], lines[first]
            else:
                lines[first : first + 1] = [lines[first]] * (random.choice((2, 300)) if way == 1 else 0)
            text = "".join(lines)
        else:
            words = [*re.finditer(random.choice((r"-?\d+(\.\d+)?", r"\w+", r"[^\w\s]+", r"\s+")), text)]
            if words:
                word = random.choice(words)
                text = text[: word.start()] + random.choice(WORDS) + text[word.end() :]
    return text.encode("utf-8", "surrogatepass" if random.random() < 0.5 else "replace")


def damaged_json(content: bytes, random: Random) -> bytes:
    """Return JSON, or the lines of it, with values replaced, and entries left out, repeated or exchanged."""
    try:
        return _damaged_tree(json.loads(content), random)
    except ValueError:
        lines = content.splitlines()
        number = random.randrange(len(lines))
        lines[number] = _damaged_tree(json.loads(lines[number]), random)
        return b"\n".join(lines) + b"\n"


def damaged_zip(content: bytes, random: Random) -> bytes:
    """Return an archive one of whose files is damaged, and nothing else: its checksums are right."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = [(member, archive.read(member)) for member in archive.infolist()]
    place = random.randrange(len(files))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number, (member, inside) in enumerate(files):
            if number == place:
                pickled = member.filename.endswith(".pkl")
                inside = (damaged_pickle if pickled else damaged_bytes)(inside, random)
            archive.writestr(zipfile.ZipInfo(member.filename), inside)
    return made.getvalue()


def damaged_png(content: bytes, random: Random) -> bytes:
    """Return a PNG one of whose chunks is damaged, and nothing else: its checksum is right."""
    chunks, place = [], 8
    while place < len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        chunks.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + length]))
        place += 12 + length
    number = random.randrange(len(chunks))
    kind, inside = chunks[number]
    if kind == b"IDAT" and random.random() < 0.5:
        inside = zlib.compress(damaged_bytes(zlib.decompress(inside), random))
    else:
        inside = damaged_bytes(inside, random)
    chunks[number] = kind, inside
    if random.random() < 0.2:
        chunks.insert(random.randrange(len(chunks)), random.choice(chunks))
    joined = [
        len(inside).to_bytes(4, "big") + kind + inside + zlib.crc32(kind + inside).to_bytes(4, "big")
        for kind, inside in chunks
    ]
    return content[:8] + b"".join(joined)


def damaged_safetensors(content: bytes, random: Random) -> bytes:
    """Return a file of tensors with a damaged header, whose length is right, or with damaged numbers."""
    end = 8 + int.from_bytes(content[:8], "little")
    header, numbers = content[8:end], content[end:]
    if random.random() < 0.8:
        header = damaged_json(header, random)
    else:
        numbers = damaged_bytes(numbers, random)
    return len(header).to_bytes(8, "little") + header + numbers


def damaged_pickle(content: bytes, random: Random) -> bytes:
    """Return a pickle that calls something, or is damaged as bytes are."""
    if random.random() < 0.4:
        return damaged_bytes(content, random)
    ends = [place for _, _, place in pickletools.genops(content) if place]
    place = random.choice(ends)
    return content[:place] + random.choice([*CALLS.values()]) + b"0" + content[place:]


def _damaged_tree(tree: Any, random: Random) -> bytes:
    root = [tree]
    texts: list[str] = []
    for _ in range(random.choice(CHANGES)):
        places = [*_places(root)]
        holder, key = random.choice(places)
        way = random.randrange(6)
        if way == 0 and len(places) > 1:
            other, other_key = random.choice(places)
            holder[key], other[other_key] = _copy(other[other_key]), _copy(holder[key])
        elif way == 1 and holder is not root:
            del holder[key]
        elif way == 2 and isinstance(holder, list) and holder is not root:
            holder.insert(key, _copy(holder[key]))
        elif way == 3 and isinstance(holder, dict):
            texts.append(random.choice([text for text in VALUES if text[0] == '"']))
            holder[_PLACE.format(len(texts) - 1)] = holder.pop(key)
        else:
            texts.append(random.choice(VALUES))
            holder[key] = _PLACE.format(len(texts) - 1)
    written = json.dumps(root[0])
    for number, text in enumerate(texts):
        written = written.replace(json.dumps(_PLACE.format(number)), text)
    return written.encode()


def _places(node: Any) -> Any:
    """Yield everything that holds a value, with the key or the number that it holds it under."""
    for key in node if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from _places(node[key])


def _copy(tree: Any) -> Any:
    return json.loads(json.dumps(tree))


def _block(data: bytearray, random: Random) -> tuple[int, int]:
    start = random.randrange(len(data))
    return start, min(len(data), start + random.choice((1, 2, 4, 8, 16, 64, 256)))


def _flip(data: bytearray, random: Random) -> None:
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _special(data: bytearray, random: Random) -> None:
    data[random.randrange(len(data))] = random.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))


def _number(data: bytearray, random: Random) -> None:
    width = random.choice((2, 4, 8))
    start = random.randrange(len(data))
    value = random.choice(
        (0, 1, (1 << (8 * width - 1)) - 1, 1 << (8 * width - 1), (1 << 8 * width) - 1, 65535, 1 << 15)
    )
    data[start : start + width] = value.to_bytes(width, random.choice(("big", "little")))


def _cut_off(data: bytearray, random: Random) -> None:
    del data[random.randrange(len(data)) :]


def _remove(data: bytearray, random: Random) -> None:
    start, end = _block(data, random)
    del data[start:end]


def _repeat(data: bytearray, random: Random) -> None:
    start, end = _block(data, random)
    data[start:start] = data[start:end] * random.choice((1, 2, 50))


def _insert(data: bytearray, random: Random) -> None:
    start, end = _block(data, random)
    data[start:start] = random.randbytes(end - start)


def _exchange(data: bytearray, random: Random) -> None:
    start, end = _block(data, random)
    other = random.randrange(len(data))
    data[start:end], data[other : other + end - start] = data[other : other + end - start], data[start:end]


_WAYS: dict[str, Sequence[Callable[[bytes, Random], bytes]]] = {
    "bytes": (damaged_bytes,),
    "text": (damaged_text, damaged_text, damaged_bytes),
    "json": (damaged_json, damaged_json, damaged_text, damaged_bytes),
    "zip": (damaged_zip, damaged_bytes),
    "png": (damaged_png, damaged_bytes),
    "safetensors": (damaged_safetensors, damaged_bytes),
    "pickle": (damaged_pickle, damaged_bytes),
}
