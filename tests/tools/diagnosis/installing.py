"""Packages that look installed: what Python's metadata tells of them is in a folder of a test."""

from collections.abc import Callable
from pathlib import Path

import pytest

Install = Callable[..., None]


def installer(folder: Path, patch: pytest.MonkeyPatch) -> Install:
    """Return what installs a package of a name and a version, with further lines of metadata, before all others."""
    folder.mkdir(exist_ok=True)
    patch.syspath_prepend(folder)

    def install(name: str, version: str, *lines: str, files: str = "") -> None:
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            "\n".join(["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *lines])
        )
        (info / "RECORD").write_text(files)
        for line in files.splitlines():  # from Python 3.12 on those that are not there are left out
            file = folder / line.partition(",")[0]
            file.parent.mkdir(exist_ok=True)
            file.touch()

    return install
