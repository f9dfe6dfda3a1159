"""JSON as annotation programs write it, with one clear error for what is not."""

import json
import reprlib
from pathlib import Path
from typing import Any, TypeVar

from ..errors import DataError
from .layouts import read_text

_T = TypeVar("_T")
_NAMES = {dict: "an object", list: "a list", str: "text", int: "a whole number"}


def read_object(file: Path) -> dict[str, Any]:
    """Return the object that a JSON file holds.

    Raises:
        DataError: If the file cannot be read or holds something else.
    """
    try:
        content = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, DataError) else DataError(f"{file}: no readable JSON: {error}") from error
    return typed(content, dict, f"{file}: the content")


def typed(value: Any, kind: type[_T], what: str) -> _T:
    """Return a value of JSON if it is of this kind.

    Raises:
        DataError: If it is not.
    """
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DataError(f"{what} must be {_NAMES[kind]}, got {reprlib.repr(value)}")
    return value
