"""Files that appear whole or not at all."""

import os
from pathlib import Path


def write_whole(file: Path, *parts: bytes | memoryview) -> None:
    """Write a file that appears whole or not at all, replacing what was there."""
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as opened:
            for part in parts:
                opened.write(part)
            opened.flush()
            os.fsync(opened.fileno())
        partial.replace(file)
    except OSError as error:  # of a full disk the system does not say whose
        raise OSError(error.errno, error.strerror, str(file)) from error
    finally:
        partial.unlink(missing_ok=True)
