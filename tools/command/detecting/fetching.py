"""Images from the web: an address in, the bytes behind it out, of bounded size and in bounded time."""

import threading
import time
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, build_opener

from sppnet.data import DataError

MAX_BYTES = 64 << 20
SECONDS = 60.0  # in all; servers that are silent for a sixth of it are given up
PIECE = 1 << 16
PRINTED = "".join(map(chr, range(33, 127)))  # what an address has as it is; all else is escaped


def is_address(text: str) -> bool:
    """Return whether a text is an address such as https://example.org/photo.jpg, of whatever scheme."""
    scheme, colon, _ = text.partition("://")
    return bool(colon) and scheme[:1].isalpha() and scheme.isalnum()


def fetch(address: str, *, max_bytes: int = MAX_BYTES, seconds: float = SECONDS) -> bytes:
    """Return what is behind an http or https address.

    Args:
        address: The address.
        max_bytes: More are not read.
        seconds: Longer is not waited, whatever takes so long: the name, the server's first word or its last.

    Raises:
        DataError: If it cannot be had, in words that begin with the address.
    """
    if not address.lower().startswith(("http://", "https://")):
        raise DataError(f"{address}: addresses begin with http:// or https://")
    outcome: list[bytes | Exception] = []
    # In a thread of its own, because nothing bounds how long the look-up of a name takes.
    thread = threading.Thread(target=_into, args=(outcome, address, max_bytes, seconds), daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise DataError(f"{address}: cannot be had: took longer than {seconds:g} s")
    [result] = outcome
    if isinstance(result, Exception):
        raise DataError(f"{address}: cannot be had: {getattr(result, 'reason', None) or result}") from result
    return result


def _into(outcome: list[bytes | Exception], address: str, max_bytes: int, seconds: float) -> None:
    """Append what is behind an address, or the error."""
    try:
        outcome.append(_read(address, max_bytes, seconds))
    except (OSError, HTTPException, ValueError) as error:
        if isinstance(error, HTTPError):  # an answer that is still open
            error.close()
        outcome.append(error)


def _read(address: str, max_bytes: int, seconds: float) -> bytes:
    deadline, data = time.monotonic() + seconds, bytearray()
    request = Request(quote(address, safe=PRINTED), headers={"User-Agent": "sppnet"})
    with build_opener().open(request, timeout=seconds / 6) as response:
        while piece := _piece(response):
            data += piece
            if len(data) > max_bytes:
                raise ValueError(f"has more than {max_bytes:,} bytes")
            if time.monotonic() > deadline:
                raise ValueError(f"took longer than {seconds:g} s")
    if response.length:
        raise ValueError(f"ended {response.length:,} bytes early")
    return bytes(data)


def _piece(response: Any) -> bytes:
    """Return the next bytes as they come in, without waiting for a whole piece."""
    piece: bytes = response.read1(PIECE)
    return piece
