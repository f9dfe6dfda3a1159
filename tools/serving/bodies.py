"""The image in the body of a request, raw or in a form; bytes are counted while they come."""

import asyncio
import contextlib
import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from .refusals import RefusedError

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

SECONDS = 30.0  # in which a body must have come
DRAINED = 4  # times the limit: so much of what is too long is read and dropped, so that the client hears the answer
FORM, RAW = "multipart/form-data", ("image/", "application/octet-stream")
LONGEST_NAME = 100  # characters


class Upload(NamedTuple):
    """The bytes of an image, and what its sender calls it: a file name without folders, of printable letters."""

    name: str
    data: bytes


async def uploaded(request: Request, max_bytes: int) -> Upload:
    """Return the image that a request brings.

    Raises:
        RefusedError: With 413 if it is too long, 408 if it comes too slowly, 415 if it is no image or form, 422 if the
            form holds no file.
    """
    given = request.headers.get("content-type", RAW[1])
    kind = given.partition(";")[0].strip().lower()
    if kind != FORM and not kind.startswith(RAW):
        await drained(request, max_bytes)
        raise RefusedError(415, f"the body must be an image, sent as image/jpeg, say, or {FORM}, not {kind!r}")
    body = await read_body(request, max_bytes)
    return _from_form(given, body) if kind == FORM else Upload("image", body)


async def read_body(request: Request, max_bytes: int, seconds: float = SECONDS) -> bytes:
    """Return the body of a request.

    Raises:
        RefusedError: With 413 if it has more bytes, 408 if it takes longer.
    """
    declared = request.headers.get("content-length", "")
    size, body, too_long = 0, bytearray(), declared.isdecimal() and int(declared) > max_bytes
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                size += len(chunk)
                too_long = too_long or size > max_bytes
                if size > DRAINED * max_bytes:
                    break
                if too_long:
                    body.clear()
                else:
                    body += chunk
    except TimeoutError:
        raise RefusedError(408, f"the body must come within {seconds:g} seconds") from None
    except ClientDisconnect:
        raise RefusedError(400, "the body ended early") from None
    if too_long:
        raise RefusedError(413, f"the body must have at most {max_bytes:,} bytes")
    return bytes(body)


async def drained(request: Request, max_bytes: int) -> None:
    """Read a body that is not wanted, and drop it: a client that still sends would not hear the answer."""
    with contextlib.suppress(RefusedError):
        await read_body(request, max_bytes)


class _Form:
    """The first file of a form, in memory: what the parser finds comes in parts.

    Attributes:
        name: Of the file; None while there is none.
        content: Of the file.
        complete: Whether the form came to its end.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        self.content, self.complete = bytearray(), False
        self._headers: dict[str, bytes] = {}
        self._field, self._value, self._is_mine = bytearray(), bytearray(), False

    def parse(self, body: bytes, boundary: bytes) -> None:
        """Take a whole body; FormParserError if it breaks the rules of forms."""
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._headers.clear,
            "on_header_field": lambda data, start, end: self._field.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header,
            "on_headers_finished": self._begin,
            "on_part_data": self._data,
            "on_end": self._end,
        }
        MultipartParser(boundary, callbacks).write(body)

    def _header(self) -> None:
        self._headers[self._field.decode("latin-1").lower()] = bytes(self._value)
        self._field.clear()
        self._value.clear()

    def _begin(self) -> None:
        _, options = parse_options_header(self._headers.get("content-disposition"))
        self._is_mine = self.name is None and b"filename" in options
        if self._is_mine:
            self.name = options[b"filename"].decode(errors="replace")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_mine:
            self.content += data[start:end]

    def _end(self) -> None:
        self.complete = True


def _from_form(kind: str, body: bytes) -> Upload:
    """Return the first file of a form."""
    form = _Form()
    try:
        form.parse(body, parse_options_header(kind)[1].get(b"boundary", b""))
    except FormParserError as error:
        raise RefusedError(422, f"the form cannot be read: {error}") from None
    if form.name is None or not form.complete:
        raise RefusedError(422, "the form must have a file in it, in a field 'image', say, and come to its end")
    return Upload(_plain(form.name), bytes(form.content))


def _plain(name: str) -> str:
    """Return a file name without folders and without letters that control anything."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return re.sub(r"[^\w.,()+@ -]", "_", last)[-LONGEST_NAME:].strip(" .") or "image"
