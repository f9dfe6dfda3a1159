"""What was found in one image as a file of every output format, or a ZIP archive where a format has several."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import quote

from sppnet.data import WRITERS, Results

from ..command.detecting.naming import OutputNames

TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".csv": "text/csv; charset=utf-8",
    ".xml": "application/xml",
    ".zip": "application/zip",
    ".jpg": "image/jpeg",
}


class Download(NamedTuple):
    """A file to be kept, and what to call it."""

    name: str
    content: bytes

    @property
    def media_type(self) -> str:
        """The type of HTTP."""
        return TYPES.get(Path(self.name).suffix, "text/plain; charset=utf-8")

    @property
    def headers(self) -> dict[str, str]:
        """What lets a browser save it under its name."""
        return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(self.name, safe='')}"}


def written(form: str, record: dict[str, Any], classes: Sequence[str]) -> Download:
    """Return the record of an image in one of the formats of `WRITERS`."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        stem = OutputNames(folder)(record["image"])
        # LabelMe's file says where the image is: beside it.
        entry = {**record, "image": str(folder / form / record["image"])} if form == "labelme" else record
        results = Results(folder)
        with WRITERS[form](results, classes) as write:
            write(stem, entry)
        results.clean()
        files = {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    if len(files) == 1:
        [(path, content)] = files.items()
        return Download(path.name, content)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as pack:
        for path, content in files.items():
            pack.writestr(path.as_posix(), content)
    return Download(f"{stem}-{form}.zip", archive.getvalue())
