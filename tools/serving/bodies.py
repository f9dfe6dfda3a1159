"""The image in the body of a request, raw or in a form; bytes are counted while they come."""

import asyncio
import contextlib
import re
from pathlib import PurePosixPath
from typing import NamedTuple

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect
from starlette.types import Message

from .refusals import RefusedError

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
    kind = request.headers.get("content-type", RAW[1]).partition(";")[0].strip().lower()
    if kind != FORM and not kind.startswith(RAW):
        await drained(request, max_bytes)
        raise RefusedError(415, f"the body must be an image, sent as image/jpeg, say, or {FORM}, not {kind!r}")
    body = await read_body(request, max_bytes)
    return await _from_form(request, body) if kind == FORM else Upload("image", body)


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


async def _from_form(request: Request, body: bytes) -> Upload:
    """Return the first file of a form."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    try:
        async with Request(request.scope, receive).form(max_files=1, max_fields=8) as form:
            files = [value for value in form.values() if isinstance(value, UploadFile)]
            if files:
                return Upload(_plain(files[0].filename or ""), await files[0].read())
    except Exception as error:  # what malformed forms raise is not only what is documented
        raise RefusedError(
            422, f"the form cannot be read: {getattr(error, 'detail', None) or 'it is malformed'}"
        ) from None
    raise RefusedError(422, "the form must have a file in it, in a field 'image', say")


def _plain(name: str) -> str:
    """Return a file name without folders and without letters that control anything."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return re.sub(r"[^\w.,()+@ -]", "_", last)[-LONGEST_NAME:].strip(" .") or "image"
